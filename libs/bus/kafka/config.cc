#include "bus/kafka/config.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/strings.h"
#include "bus/kafka/errors.h"

namespace millrace::bus::kafka {

Config::Config(Environment& environment)
    : environment_(environment), conf_(rd_kafka_conf_new()) {
  const KafkaOptions& options = environment.options;
  rd_kafka_conf_set_opaque(conf_, environment.logs.get());
  rd_kafka_conf_set_log_cb(conf_, &LogSink::Callback);
  Set("bootstrap.servers", options.brokers);
  Set("client.id", options.client_id);
  Set("socket.keepalive.enable", "true");
  Set("socket.nagle.disable", "true");
  Set("socket.timeout.ms", absl::Seconds(10));
  Set("socket.connection.setup.timeout.ms", absl::Seconds(10));
  Set("reconnect.backoff.ms", absl::Milliseconds(50));
  Set("reconnect.backoff.max.ms", absl::Seconds(2));
  Set("topic.metadata.refresh.interval.ms", options.metadata_refresh);
}

Config::~Config() {
  if (conf_ != nullptr) rd_kafka_conf_destroy(conf_);
}

Config& Config::Set(const char* name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf_, name, value.c_str(), reason, sizeof(reason)) !=
          RD_KAFKA_CONF_OK &&
      status_.ok()) {
    status_ = absl::InvalidArgumentError(
        StrCat("kafka.properties: '", name, "': ", reason));
  }
  return *this;
}

Config& Config::Set(const char* name, int64_t value) {
  return Set(name, std::to_string(value));
}

Config& Config::Set(const char* name, absl::Duration milliseconds) {
  return Set(name, absl::ToInt64Milliseconds(milliseconds));
}

Config& Config::Events(int events) {
  rd_kafka_conf_set_events(conf_, events);
  return *this;
}

Config& Config::Partition(Partitioner partitioner,
                          std::shared_ptr<void> state) {
  state_ = std::move(state);
  rd_kafka_topic_conf_t* topics = rd_kafka_conf_get_default_topic_conf(conf_);
  if (topics == nullptr) {
    topics = rd_kafka_topic_conf_new();
    rd_kafka_conf_set_default_topic_conf(conf_, topics);
  }
  rd_kafka_topic_conf_set_opaque(topics, state_.get());
  rd_kafka_topic_conf_set_partitioner_cb(topics, partitioner);
  return *this;
}

absl::StatusOr<Handle> Config::Make(rd_kafka_type_t type) {
  for (const auto& [name, value] : environment_.options.properties) {
    Set(name.c_str(), value);
  }
  if (!status_.ok()) return status_;
  char reason[512];
  rd_kafka_t* client = rd_kafka_new(type, conf_, reason, sizeof(reason));
  if (client == nullptr) {
    return ToStatus(rd_kafka_last_error(), environment_.place(), reason);
  }
  conf_ = nullptr;
  Reaper* reaper = &environment_.reaper;
  return Handle(client, [reaper, state = std::move(state_)](rd_kafka_t* c) {
    reaper->Destroy(c, state);
  });
}

absl::StatusOr<Handle> MakeProducer(Environment& environment, bool one_by_one,
                                    Config::Partitioner partitioner,
                                    std::shared_ptr<void> state) {
  const KafkaOptions& options = environment.options;
  // A batch that a broker refuses as too large must not take records along
  // that alone are small enough: see Publisher.
  const int64_t batch = std::min<int64_t>(options.max_record_bytes, 256 << 10);
  return Config(environment)
      .Set("enable.idempotence", "true")
      .Set("acks", "all")
      // A record that cannot be written stops those behind it, see Publisher.
      .Set("enable.gapless.guarantee", "true")
      // Records do not time out one by one, which would let a later one of a
      // key pass; Publisher gives up on all at once.
      .Set("message.timeout.ms", "0")
      .Set("topic.metadata.propagation.max.ms", absl::Seconds(3))
      .Set("message.max.bytes", static_cast<int64_t>(options.max_record_bytes))
      .Set("batch.size", batch)
      .Set("batch.num.messages", one_by_one ? 1 : 10'000)
      .Set("linger.ms", one_by_one ? absl::ZeroDuration() : options.linger)
      .Set("queue.buffering.max.messages", options.max_in_flight)
      .Set("queue.buffering.max.kbytes",
           std::max<int64_t>(1, options.max_in_flight_bytes >> 10))
      .Set("compression.type", options.compression)
      .Events(RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
      // Or it is not asked about records without a key.
      .Set("sticky.partitioning.linger.ms", absl::ZeroDuration())
      .Partition(partitioner, std::move(state))
      .Make(RD_KAFKA_PRODUCER);
}

namespace {

// librdkafka 2.0.2 has one request for records under way at a broker, for the
// partitions whose queues have room. One for those alone that are read to their
// end waits at the broker for this long, and the others, which were full, may
// run dry meanwhile: no more than prefetch_bytes of a partition come in this
// time. Idle members ask as often.
constexpr absl::Duration kFetchWait = absl::Milliseconds(100);

// What all that reads has in common.
void SetReading(const KafkaOptions& options, Config& config) {
  config.Set("enable.auto.commit", "false")
      .Set("enable.auto.offset.store", "false")
      .Set("auto.offset.reset", "earliest")
      .Set("check.crcs", "true")
      .Set("queued.max.messages.kbytes",
           std::max<int64_t>(1, options.prefetch_bytes >> 10))
      .Set("fetch.wait.max.ms", kFetchWait)
      .Set("fetch.error.backoff.ms", absl::Milliseconds(100));
}

}  // namespace

absl::StatusOr<Handle> MakeConsumer(Environment& environment,
                                    const std::string& group,
                                    const std::string& member_id) {
  const KafkaOptions& options = environment.options;
  Config config(environment);
  SetReading(options, config);
  if (!member_id.empty()) config.Set("group.instance.id", member_id);
  // A broker lets a rebalance wait this long for a member; it must cover the
  // revoke bound. That the loop runs is watched elsewhere, and GroupMember
  // polls now and then, so it says nothing of a slow handler.
  const absl::Duration poll_interval =
      std::max(absl::Minutes(5), 2 * options.session_timeout);
  return config.Set("group.id", group)
      .Set("session.timeout.ms", options.session_timeout)
      .Set("heartbeat.interval.ms",
           std::min(absl::Seconds(3), options.session_timeout / 4))
      .Set("max.poll.interval.ms", poll_interval)
      .Set("partition.assignment.strategy", options.assignment)
      .Events(RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
              RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR)
      .Make(RD_KAFKA_CONSUMER);
}

absl::StatusOr<Handle> MakeAsker(Environment& environment,
                                 const std::string& group) {
  return Config(environment)
      .Set("group.id", group)
      .Set("enable.auto.commit", "false")
      .Make(RD_KAFKA_CONSUMER);
}

void WakeBrokers(rd_kafka_t* client, const KafkaOptions& options) {
  const auto property = [&](std::string_view name) -> const char* {
    for (const auto& [key, value] : options.properties) {
      if (key == name) return value.c_str();
    }
    return "";
  };
  // There is no call for it. To set the credentials that it has anyway, or
  // none where no connection asks for them, is the only one that wakes a
  // consumer's threads and changes nothing.
  rd_kafka_error_t* const error = rd_kafka_sasl_set_credentials(
      client, property("sasl.username"), property("sasl.password"));
  if (error != nullptr) rd_kafka_error_destroy(error);
}

absl::StatusOr<Handle> MakeReader(Environment& environment) {
  Config config(environment);
  SetReading(environment.options, config);
  return config
      // librdkafka wants one to take partitions; nothing joins or commits.
      .Set("group.id", "millrace-tail-" + NewId())
      .Set("max.poll.interval.ms", absl::Hours(24))
      .Set("enable.partition.eof", "true")
      .Events(RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR)
      .Make(RD_KAFKA_CONSUMER);
}

}  // namespace millrace::bus::kafka
