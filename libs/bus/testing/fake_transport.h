// A transport for tests of what stands on it: it keeps what is published, says
// what it is told to, and lets the test play the log's part in a group.
#ifndef MILLRACE_BUS_TESTING_FAKE_TRANSPORT_H_
#define MILLRACE_BUS_TESTING_FAKE_TRANSPORT_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bus/transport.h"

namespace millrace::bus {

// What the consumer that Join() gave has been told. Outlives it.
struct FakeConsumerLog {
  std::map<TopicPartition, Progress> committed;
  std::set<TopicPartition> paused;
  std::vector<TopicPartition> assigned;
};

class FakeTransport final : public Transport {
 public:
  Promise<void> Publish(std::vector<Record> records) override {
    ++publishes;
    if (on_publish) {
      if (absl::Status status = on_publish(records); !status.ok()) {
        return Promise<void>::Reject(std::move(status));
      }
    }
    for (Record& record : records) published.push_back(std::move(record));
    return Promise<void>::Resolve();
  }

  Promise<void> EnsureTopics(std::vector<TopicSpec> topics) override {
    for (TopicSpec& topic : topics) ensured.push_back(std::move(topic));
    return Promise<void>::Resolve();
  }

  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& consumer_events) override {
    group = std::move(spec);
    events = &consumer_events;
    return std::make_unique<FakeConsumer>(log, consumer_events);
  }

  Stream<Record> Tail(std::vector<std::string>, TailFrom, bool) override {
    return Stream<Record>::Of(published);
  }
  // Each of one partition is remembered, and written by the test.
  Stream<Record> TailAt(std::vector<TailStart> starts, bool) override {
    if (starts.size() != 1) return Stream<Record>::Of(published);
    read_from.push_back(starts.front().offset);
    auto [writer, stream] = MakePipe<Record>(1);
    reader.emplace(std::move(writer));
    return std::move(stream);
  }
  Promise<std::vector<GroupOffset>> Offsets(std::string,
                                            std::vector<std::string>) override {
    return Promise<std::vector<GroupOffset>>::Resolve(
        std::vector<GroupOffset>());
  }
  Promise<std::vector<std::string>> Groups() override {
    return Promise<std::vector<std::string>>::Resolve(
        std::vector<std::string>());
  }
  absl::Status health() override { return absl::OkStatus(); }
  Promise<void> Close(absl::Duration) override {
    return Promise<void>::Resolve();
  }

  // Decides the fate of each Publish(), which keeps nothing unless OK.
  std::function<absl::Status(const std::vector<Record>&)> on_publish;
  int publishes = 0;
  std::vector<Record> published;
  std::vector<TopicSpec> ensured;
  std::vector<int64_t> read_from;
  std::optional<StreamWriter<Record>> reader;  // of the last of these
  GroupSpec group;
  ConsumerEvents* events = nullptr;  // of the last who joined
  const std::shared_ptr<FakeConsumerLog> log =
      std::make_shared<FakeConsumerLog>();

 private:
  class FakeConsumer final : public Consumer {
   public:
    FakeConsumer(std::shared_ptr<FakeConsumerLog> log, ConsumerEvents& events)
        : log_(std::move(log)), events_(events) {}

    void Commit(const TopicPartition& id, Progress progress) override {
      log_->committed[id] = std::move(progress);
    }
    void Pause(const std::vector<TopicPartition>& ids) override {
      log_->paused.insert(ids.begin(), ids.end());
    }
    void Resume(const std::vector<TopicPartition>& ids) override {
      for (const TopicPartition& id : ids) log_->paused.erase(id);
    }
    Promise<void> Close(absl::Duration) override {
      return events_.OnRevoked(log_->assigned, Revoked::kHandedOver);
    }

   private:
    const std::shared_ptr<FakeConsumerLog> log_;
    ConsumerEvents& events_;
  };
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_TESTING_FAKE_TRANSPORT_H_
