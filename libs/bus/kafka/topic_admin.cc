#include "bus/kafka/topic_admin.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "bus/kafka/config.h"
#include "bus/kafka/environment.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/owned.h"
#include "bus/kafka/topics.h"

namespace millrace::bus {
namespace {

using kafka::Environment;
using kafka::Handle;
using kafka::Owned;
using kafka::OwnedEvent;
using kafka::OwnedQueue;
using Resource =
    Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using Partitions =
    Owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr int kTimeoutMs = 15'000;

// A setting that the topic itself has, rather than the broker.
bool IsOwn(const rd_kafka_ConfigEntry_t* entry) {
  return rd_kafka_ConfigEntry_source(entry) ==
         RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
}

class KafkaTopicAdmin final : public TopicAdmin {
 public:
  KafkaTopicAdmin(EventLoop& loop, KafkaOptions options, Logger& logger)
      : environment_(loop, std::move(options), logger) {}
  ~KafkaTopicAdmin() override { client_.reset(); }

  absl::Status Start() {
    auto client = kafka::Config(environment_).Make(RD_KAFKA_PRODUCER);
    if (!client.ok()) return client.status();
    client_ = *std::move(client);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ExistingTopic>> Describe(
      const std::vector<std::string>& names) override {
    auto topics = kafka::ExistingPartitions(client_.get(), environment_.place(),
                                            kTimeoutMs);
    if (!topics.ok()) return topics.status();
    std::vector<ExistingTopic> found;
    for (const std::string& name : names) {
      const auto topic = topics->find(name);
      if (topic == topics->end()) continue;
      auto settings = OwnSettings(name);
      if (!settings.ok()) return settings.status();
      ExistingTopic& existing = found.emplace_back();
      existing.name = name;
      existing.partitions = topic->second;
      for (const auto& [setting, value] : *settings) {
        int64_t ms = 0;
        if (setting != kafka::kRetentionSetting ||
            !absl::SimpleAtoi(value, &ms))
          continue;
        existing.retention =
            ms < 0 ? absl::InfiniteDuration() : absl::Milliseconds(ms);
      }
    }
    return found;
  }

  absl::Status Apply(const TopicChange& change) override {
    switch (change.kind) {
      case TopicChange::Kind::kCreate:
        return Create(change.wanted);
      case TopicChange::Kind::kPartitions:
        return AddPartitions(change.wanted);
      case TopicChange::Kind::kRetention:
        return SetRetention(change.wanted);
      case TopicChange::Kind::kNone:
      case TopicChange::Kind::kRefused:
        break;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Create(const TopicSpec& spec) {
    auto topic = kafka::NewTopic(spec, environment_);
    if (!topic.ok()) return topic.status();
    const std::string what = What("create topic", spec.name);
    rd_kafka_NewTopic_t* one = topic->get();
    const OwnedQueue queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_CreateTopics(client_.get(), &one, 1,
                          Wait(RD_KAFKA_ADMIN_OP_CREATETOPICS).get(),
                          queue.get());
    const auto event = Await(queue.get(), what);
    if (!event.ok()) return event.status();
    size_t count = 0;
    const rd_kafka_topic_result_t** results =
        rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event->get()), &count);
    // Somebody was faster.
    if (count == 1 && rd_kafka_topic_result_error(results[0]) ==
                          RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      return absl::OkStatus();
    }
    return ErrorOf(results, count, what);
  }

  kafka::AdminOptions Wait(rd_kafka_admin_op_t what) const {
    return kafka::MakeAdminOptions(client_.get(), what,
                                   absl::Milliseconds(kTimeoutMs));
  }

  absl::Status AddPartitions(const TopicSpec& spec) {
    const std::string what = What("add partitions to topic", spec.name);
    char reason[512];
    const Partitions partitions(rd_kafka_NewPartitions_new(
        spec.name.c_str(), spec.partitions, reason, sizeof(reason)));
    if (partitions == nullptr) {
      return absl::InvalidArgumentError(StrCat(what, ": ", reason));
    }
    rd_kafka_NewPartitions_t* one = partitions.get();
    const OwnedQueue queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_CreatePartitions(client_.get(), &one, 1,
                              Wait(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS).get(),
                              queue.get());
    const auto event = Await(queue.get(), what);
    if (!event.ok()) return event.status();
    size_t count = 0;
    const rd_kafka_topic_result_t** results =
        rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event->get()), &count);
    return ErrorOf(results, count, what);
  }

  // AlterConfigs takes a topic's settings as a whole, and librdkafka 2.0 has
  // no other.
  absl::Status SetRetention(const TopicSpec& spec) {
    const std::string what = What("change the retention of topic", spec.name);
    auto settings = OwnSettings(spec.name);
    if (!settings.ok()) return settings.status();
    std::erase_if(*settings, [](const auto& one) {
      return one.first == kafka::kRetentionSetting;
    });
    settings->emplace_back(kafka::kRetentionSetting,
                           kafka::RetentionMs(spec.retention));
    const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
                                                        spec.name.c_str()));
    for (const auto& [name, value] : *settings) {
      rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(),
                                         value.c_str());
    }
    rd_kafka_ConfigResource_t* one = resource.get();
    const OwnedQueue queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_AlterConfigs(client_.get(), &one, 1, nullptr, queue.get());
    const auto event = Await(queue.get(), what);
    if (!event.ok()) return event.status();
    size_t count = 0;
    const rd_kafka_ConfigResource_t** resources =
        rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(event->get()), &count);
    return ErrorOf(resources, count, what);
  }

  absl::StatusOr<Settings> OwnSettings(const std::string& topic) {
    const std::string what = What("settings of topic", topic);
    const Resource resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    rd_kafka_ConfigResource_t* one = resource.get();
    const OwnedQueue queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_DescribeConfigs(client_.get(), &one, 1, nullptr, queue.get());
    const auto event = Await(queue.get(), what);
    if (!event.ok()) return event.status();
    size_t count = 0;
    const rd_kafka_ConfigResource_t** resources =
        rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event->get()), &count);
    if (absl::Status status = ErrorOf(resources, count, what); !status.ok()) {
      return status;
    }
    Settings settings;
    for (size_t i = 0; i < count; ++i) {
      size_t entries = 0;
      const rd_kafka_ConfigEntry_t** entry =
          rd_kafka_ConfigResource_configs(resources[i], &entries);
      for (size_t e = 0; e < entries; ++e) {
        if (!IsOwn(entry[e])) continue;
        const char* value = rd_kafka_ConfigEntry_value(entry[e]);
        settings.emplace_back(rd_kafka_ConfigEntry_name(entry[e]),
                              value == nullptr ? "" : value);
      }
    }
    return settings;
  }

  std::string What(std::string_view what, const std::string& topic) const {
    return StrCat(environment_.place(), ": ", what, " ", topic);
  }

  static absl::StatusOr<OwnedEvent> Await(rd_kafka_queue_t* queue,
                                          const std::string& what) {
    OwnedEvent event(rd_kafka_queue_poll(queue, kTimeoutMs));
    if (event == nullptr) {
      return absl::UnavailableError(StrCat(what, ": there is no answer"));
    }
    const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return event;
    return kafka::ToStatus(error, what,
                           rd_kafka_event_error_string(event.get()));
  }

  static absl::Status ErrorOf(const rd_kafka_topic_result_t** results,
                              size_t count, const std::string& what) {
    for (size_t i = 0; i < count; ++i) {
      const char* text = rd_kafka_topic_result_error_string(results[i]);
      absl::Status status =
          kafka::ToStatus(rd_kafka_topic_result_error(results[i]), what,
                          text == nullptr ? std::string_view() : text);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  static absl::Status ErrorOf(const rd_kafka_ConfigResource_t** resources,
                              size_t count, const std::string& what) {
    for (size_t i = 0; i < count; ++i) {
      const char* text = rd_kafka_ConfigResource_error_string(resources[i]);
      absl::Status status =
          kafka::ToStatus(rd_kafka_ConfigResource_error(resources[i]), what,
                          text == nullptr ? std::string_view() : text);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  Environment environment_;
  Handle client_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TopicAdmin>> OpenTopicAdmin(EventLoop& loop,
                                                           KafkaOptions options,
                                                           Logger& logger) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  auto admin =
      std::make_unique<KafkaTopicAdmin>(loop, std::move(options), logger);
  if (absl::Status status = admin->Start(); !status.ok()) return status;
  return admin;
}

}  // namespace millrace::bus
