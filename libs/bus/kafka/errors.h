// From librdkafka's error codes to absl::Status. Any thread.
#ifndef MILLRACE_BUS_KAFKA_ERRORS_H_
#define MILLRACE_BUS_KAFKA_ERRORS_H_

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "absl/status/status.h"

namespace millrace::bus::kafka {

absl::StatusCode CodeOf(rd_kafka_resp_err_t error);

// "WHAT: Broker: Unknown topic or partition", or with `detail` in place of the
// library's sentence. OK when there is no error.
absl::Status ToStatus(rd_kafka_resp_err_t error, std::string_view what,
                      std::string_view detail = {});

// The same; takes the error over. OK when it is null.
absl::Status ToStatus(rd_kafka_error_t* error, std::string_view what);

// A connection is lost, slow or cannot be made: a reason to look whether the
// cluster is still there.
bool IsConnectionError(rd_kafka_resp_err_t error);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_ERRORS_H_
