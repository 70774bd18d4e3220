#include "bus/kafka/options.h"

#include <array>
#include <string_view>

#include "base/strings.h"

namespace millrace::bus {
namespace {

// What the guarantees of the transport rest on.
constexpr std::array<std::string_view, 20> kOurs = {
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "log.queue",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "sticky.partitioning.linger.ms",
    "transactional.id",
};

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("kafka.", field, ": ", what));
}

bool IsBrokerList(std::string_view list) {
  while (true) {
    const size_t comma = list.find(',');
    const std::string_view broker = list.substr(0, comma);
    const size_t colon = broker.rfind(':');
    if (colon == 0 || colon == std::string_view::npos ||
        broker.find(' ') != std::string_view::npos) {
      return false;
    }
    const std::string_view port = broker.substr(colon + 1);
    if (port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

absl::Status KafkaOptions::Validate() const {
  if (brokers.empty()) {
    return Bad("brokers", "is empty; give HOST:PORT of at least one broker");
  }
  if (!IsBrokerList(brokers)) {
    return Bad("brokers", StrCat("'", brokers,
                                 "' is not a list of HOST:PORT, separated by "
                                 "commas without blanks"));
  }
  if (default_partitions < 1) return Bad("default_partitions", "is below 1");
  if (replication_factor == 0 || replication_factor < -1) {
    return Bad("replication_factor",
               "must be positive, or -1 for the cluster's default");
  }
  if (publish_timeout < absl::Milliseconds(100)) {
    return Bad("publish_timeout", "is below 100 ms");
  }
  if (linger < absl::ZeroDuration()) return Bad("linger", "is negative");
  if (careful_time < absl::Milliseconds(10)) {
    return Bad("careful_time", "is below 10 ms");
  }
  if (max_in_flight < 1) return Bad("max_in_flight", "is below 1");
  if (max_record_bytes < 1024 || max_record_bytes > 100'000'000) {
    return Bad("max_record_bytes", "must be from 1024 to 100000000");
  }
  if (max_in_flight_bytes < max_record_bytes) {
    return Bad("max_in_flight_bytes", "is below max_record_bytes");
  }
  if (session_timeout < absl::Seconds(1)) {
    return Bad("session_timeout", "is below 1 s");
  }
  if (commit_interval < absl::Milliseconds(1)) {
    return Bad("commit_interval", "is below 1 ms");
  }
  if (revoke_bound < absl::ZeroDuration() || revoke_bound > absl::Minutes(4)) {
    return Bad("revoke_bound", "must be from 0 to 4 minutes");
  }
  if (prefetch_bytes < 1024) return Bad("prefetch_bytes", "is below 1024");
  if (metadata_refresh < absl::Milliseconds(10)) {
    return Bad("metadata_refresh", "is below 10 ms");
  }
  if (assignment != "roundrobin" && assignment != "range") {
    // cooperative-sticky can hang in librdkafka 2.0.2.
    return Bad("assignment",
               StrCat("'", assignment, "' is not one of roundrobin, range"));
  }
  for (const auto& [name, value] : properties) {
    for (const std::string_view ours : kOurs) {
      if (name == ours) {
        return Bad("properties",
                   StrCat("'", name, "' is set by the transport itself"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace millrace::bus
