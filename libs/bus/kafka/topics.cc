#include "bus/kafka/topics.h"

#include <memory>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/wake.h"
#include "loop/abort.h"

namespace millrace::bus::kafka {
namespace {

constexpr int kTimeoutMs = 10'000;

// One request under way: its queue, and the promise of its answer.
class Request {
 public:
  Request(Environment& environment, Handle client)
      : environment_(environment),
        client_(std::move(client)),
        queue_(rd_kafka_queue_new(client_.get())),
        wake_(environment.loop, [this] { return Turn(); }),
        closed_(environment.closed.signal().OnAbort([this] { OnClosed(); })) {}
  ~Request() { Release(); }

  Promise<void> Send(const std::vector<TopicSpec>& topics);

 private:
  bool Turn();
  absl::Status ResultOf(rd_kafka_event_t* event) const;
  void OnClosed();
  void Release();

  Environment& environment_;
  Handle client_;
  rd_kafka_queue_t* queue_;
  Wake wake_;
  Deferred<void> done_;
  AbortSubscription closed_;
};

void Request::OnClosed() {
  Release();
  done_.Reject(absl::UnavailableError(environment_.place() +
                                      ": the transport is closed"));
}

void Request::Release() {
  if (queue_ == nullptr) return;
  Wake::Unwatch(queue_);
  rd_kafka_queue_destroy(queue_);
  queue_ = nullptr;
  wake_.Stop();
  client_.reset();
}

Promise<void> Request::Send(const std::vector<TopicSpec>& topics) {
  std::vector<OwnedNewTopic> made;
  std::vector<rd_kafka_NewTopic_t*> wanted;
  absl::Status status;
  for (const TopicSpec& spec : topics) {
    absl::StatusOr<OwnedNewTopic> topic = NewTopic(spec, environment_);
    if (!topic.ok()) {
      status = topic.status();
      break;
    }
    wanted.push_back(topic->get());
    made.push_back(*std::move(topic));
  }
  if (status.ok()) {
    const AdminOptions settings =
        MakeAdminOptions(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS,
                         absl::Milliseconds(kTimeoutMs));
    wake_.Watch(queue_);
    rd_kafka_CreateTopics(client_.get(), wanted.data(), wanted.size(),
                          settings.get(), queue_);
  } else {
    done_.Reject(status);
  }
  return done_.promise();
}

bool Request::Turn() {
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, 0);
  if (event == nullptr) return false;
  const absl::Status status = ResultOf(event);
  rd_kafka_event_destroy(event);
  if (status.ok()) {
    done_.Resolve();
  } else {
    done_.Reject(status);
  }
  return false;
}

absl::Status Request::ResultOf(rd_kafka_event_t* event) const {
  const std::string what = environment_.place() + ": create topics";
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  if (CodeOf(error) == absl::StatusCode::kDeadlineExceeded) {
    return absl::UnavailableError(
        StrCat(what, ": ", rd_kafka_event_error_string(event)));
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return ToStatus(error, what, rd_kafka_event_error_string(event));
  }
  size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event), &count);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t one = rd_kafka_topic_result_error(results[i]);
    if (one == RD_KAFKA_RESP_ERR_NO_ERROR ||
        one == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      continue;
    }
    const char* text = rd_kafka_topic_result_error_string(results[i]);
    return ToStatus(one,
                    StrCat(environment_.place(), ": create topic ",
                           rd_kafka_topic_result_name(results[i])),
                    text == nullptr ? std::string_view() : text);
  }
  return absl::OkStatus();
}

// What is missing, or nothing.
std::string Missing(const std::vector<TopicSpec>& wanted,
                    const std::map<std::string, int>& existing) {
  std::string missing;
  for (const TopicSpec& topic : wanted) {
    if (existing.contains(topic.name)) continue;
    missing += StrCat(missing.empty() ? "" : ", ", topic.name);
  }
  return missing;
}

}  // namespace

std::string RetentionMs(absl::Duration retention) {
  return retention == absl::InfiniteDuration()
             ? "-1"
             : StrCat(absl::ToInt64Milliseconds(retention));
}

absl::StatusOr<OwnedNewTopic> NewTopic(const TopicSpec& spec,
                                       const Environment& environment) {
  const KafkaOptions& options = environment.options;
  const int partitions =
      spec.partitions > 0 ? spec.partitions : options.default_partitions;
  char reason[512];
  OwnedNewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), partitions,
                                            options.replication_factor, reason,
                                            sizeof(reason)));
  if (topic == nullptr) {
    return absl::InvalidArgumentError(
        StrCat(environment.place(), ": topic ", spec.name, ": ", reason));
  }
  if (spec.retention > absl::ZeroDuration()) {
    rd_kafka_NewTopic_set_config(topic.get(), kRetentionSetting,
                                 RetentionMs(spec.retention).c_str());
  }
  return topic;
}

absl::StatusOr<std::map<std::string, int>> ExistingPartitions(
    rd_kafka_t* client, const std::string& place, int timeout_ms) {
  const struct rd_kafka_metadata* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client, 1, nullptr, &metadata, timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return absl::UnavailableError(
        StrCat(place, ": topics: ", rd_kafka_err2str(error)));
  }
  std::map<std::string, int> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    topics[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return topics;
}

Promise<void> RequireTopics(Environment& environment, Handle client,
                            std::vector<TopicSpec> topics) {
  if (topics.empty()) return Promise<void>::Resolve();
  return environment.calls.Run([client = std::move(client),
                                place = environment.place(),
                                topics = std::move(topics)]() mutable {
    const Handle mine = std::move(client);
    const auto existing =
        ValueOrThrow(ExistingPartitions(mine.get(), place, kTimeoutMs / 2));
    const std::string missing = Missing(topics, existing);
    if (missing.empty()) return;
    Throw(absl::UnavailableError(
        StrCat(place, ": these topics do not exist: ", missing,
               "; create them with 'millrace contracts apply --config FILE', "
               "or set bus.create_topics to true")));
  });
}

Promise<void> CreateTopics(Environment& environment, Handle client,
                           std::vector<TopicSpec> topics) {
  if (topics.empty()) co_return;
  const auto request =
      std::make_unique<Request>(environment, std::move(client));
  co_await request->Send(topics);
}

}  // namespace millrace::bus::kafka
