#include "bus/kafka/owned.h"

namespace millrace::bus::kafka {
namespace {

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

AdminOptions MakeAdminOptions(rd_kafka_t* client, rd_kafka_admin_op_t what,
                              absl::Duration bound) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, what));
  char reason[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), Milliseconds(bound),
                                            reason, sizeof(reason));
  if (what == RD_KAFKA_ADMIN_OP_CREATETOPICS ||
      what == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS) {
    rd_kafka_AdminOptions_set_operation_timeout(
        options.get(), Milliseconds(bound / 2), reason, sizeof(reason));
  }
  return options;
}

}  // namespace millrace::bus::kafka
