// How a process uses a Kafka cluster. A struct with defaults: fill in, then
// hand to OpenKafka() (kafka_transport.h), which calls Validate().
#ifndef MILLRACE_BUS_KAFKA_OPTIONS_H_
#define MILLRACE_BUS_KAFKA_OPTIONS_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace millrace::bus {

struct KafkaOptions {
  std::string brokers;  // "host:port,host:port": some of the cluster
  std::string client_id = "millrace";

  // Whether EnsureTopics() creates what is missing; else it is UNAVAILABLE and
  // names it.
  bool create_topics = true;
  // For topics that EnsureTopics() creates.
  int default_partitions = 6;
  int replication_factor = -1;  // -1: the cluster's default

  // How long Publish() goes on trying.
  absl::Duration publish_timeout = absl::Seconds(30);
  // How long a record waits for others to share a request with. While five
  // requests are under way those that come wait in any case, and share.
  absl::Duration linger = absl::ZeroDuration();
  // How long records are sent as a refusal of the broker has asked for: each
  // alone, or without their times.
  absl::Duration careful_time = absl::Seconds(30);
  // Records handed to librdkafka and not acknowledged; more wait their turn.
  int max_in_flight = 50'000;
  size_t max_in_flight_bytes = 64 << 20;
  size_t max_record_bytes = 1'000'000;
  // "none", "lz4", "zstd", "gzip" or "snappy".
  std::string compression = "none";

  // A member that is silent this long loses its partitions; a named member
  // that closed keeps its place as long.
  absl::Duration session_timeout = absl::Seconds(10);
  absl::Duration commit_interval = absl::Milliseconds(200);
  // How long OnRevoked() may take.
  absl::Duration revoke_bound = absl::Seconds(15);
  // "roundrobin" or "range". All members of a group must share one.
  std::string assignment = "roundrobin";
  // Fetched ahead, per partition.
  size_t prefetch_bytes = 4 << 20;
  // How soon topics and partitions that are new are noticed.
  absl::Duration metadata_refresh = absl::Seconds(5);

  // librdkafka's own settings: security.protocol, sasl.*, ssl.* and so on.
  // Those that the guarantees of the transport rest on are refused.
  std::vector<std::pair<std::string, std::string>> properties;

  absl::Status Validate() const;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_KAFKA_OPTIONS_H_
