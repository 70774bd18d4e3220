#include "bus/kafka/kafka_transport.h"

#include <string>
#include <utility>
#include <vector>

#include "bus/kafka/environment.h"
#include "bus/kafka/group_member.h"
#include "bus/kafka/offsets.h"
#include "bus/kafka/publisher.h"
#include "bus/kafka/tail.h"
#include "bus/kafka/topics.h"

namespace millrace::bus {
namespace {

using kafka::Environment;
using kafka::GroupMember;

class KafkaConsumer final : public Consumer {
 public:
  explicit KafkaConsumer(std::shared_ptr<GroupMember> member)
      : member_(std::move(member)) {}
  ~KafkaConsumer() override { member_->Abandon(); }

  void Commit(const TopicPartition& partition, Progress progress) override {
    member_->Commit(partition, std::move(progress));
  }
  void Pause(const std::vector<TopicPartition>& partitions) override {
    member_->Pause(partitions);
  }
  void Resume(const std::vector<TopicPartition>& partitions) override {
    member_->Resume(partitions);
  }
  Promise<void> Close(absl::Duration bound) override {
    return member_->Close(bound);
  }

 private:
  const std::shared_ptr<GroupMember> member_;
};

class KafkaTransport final : public Transport {
 public:
  KafkaTransport(EventLoop& loop, KafkaOptions options, Logger& logger)
      : environment_(loop, std::move(options), logger),
        publisher_(environment_),
        asker_(environment_) {}
  ~KafkaTransport() override { environment_.closed.Abort(); }

  absl::Status Start() { return publisher_.Start(); }
  kafka::Publisher& publisher() { return publisher_; }

  Promise<void> Publish(std::vector<Record> records) override {
    return publisher_.Publish(std::move(records));
  }

  Promise<void> EnsureTopics(std::vector<TopicSpec> topics) override {
    if (publisher_.client() == nullptr) return Promise<void>::Reject(Closed());
    if (environment_.options.create_topics) {
      return kafka::CreateTopics(environment_, publisher_.client(),
                                 std::move(topics));
    }
    // To ask would only keep a thread of the pool waiting.
    if (publisher_.reachability().known_away()) {
      return Promise<void>::Reject(publisher_.reachability().status());
    }
    return kafka::RequireTopics(environment_, publisher_.client(),
                                std::move(topics));
  }

  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) override {
    if (publisher_.client() == nullptr) return Closed();
    absl::StatusOr<std::shared_ptr<GroupMember>> member = GroupMember::Join(
        environment_, publisher_.reachability(), std::move(spec), events);
    if (!member.ok()) return member.status();
    members_.push_back(*member);
    return std::make_unique<KafkaConsumer>(*std::move(member));
  }

  Stream<Record> Tail(std::vector<std::string> topics, TailFrom from,
                      bool follow) override {
    if (publisher_.client() == nullptr) {
      return Stream<Record>::Failed(Closed());
    }
    return Open({.topics = std::move(topics), .from = from, .follow = follow});
  }

  Stream<Record> TailAt(std::vector<TailStart> starts, bool follow) override {
    if (publisher_.client() == nullptr) {
      return Stream<Record>::Failed(Closed());
    }
    kafka::TailSpec spec;
    spec.follow = follow;
    spec.starts.emplace();
    for (TailStart& start : starts) {
      spec.starts->emplace(std::move(start.partition), start.offset);
    }
    return Open(std::move(spec));
  }

  Promise<std::vector<GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) override {
    if (publisher_.client() == nullptr) {
      return Promise<std::vector<GroupOffset>>::Reject(Closed());
    }
    // As above.
    if (publisher_.reachability().known_away()) {
      return Promise<std::vector<GroupOffset>>::Reject(
          publisher_.reachability().status());
    }
    if (group.empty()) {
      return kafka::Watermarks(environment_, publisher_.client(),
                               std::move(topics));
    }
    return asker_.Ask(std::move(group), std::move(topics));
  }

  Promise<std::vector<std::string>> Groups() override {
    using Names = std::vector<std::string>;
    if (publisher_.client() == nullptr) return Promise<Names>::Reject(Closed());
    // As above.
    if (publisher_.reachability().known_away()) {
      return Promise<Names>::Reject(publisher_.reachability().status());
    }
    return kafka::GroupNames(environment_, publisher_.client());
  }

  absl::Status health() override {
    if (publisher_.client() == nullptr) return Closed();
    std::erase_if(members_, [](const auto& weak) { return weak.expired(); });
    for (const std::weak_ptr<GroupMember>& weak : members_) {
      const std::shared_ptr<GroupMember> member = weak.lock();
      if (!member->health().ok()) return member->health();
    }
    return publisher_.reachability().status();
  }

  Promise<void> Close(absl::Duration bound) override {
    environment_.closed.Abort();
    asker_.Stop();
    return publisher_.Close(bound);
  }

 private:
  Stream<Record> Open(kafka::TailSpec spec) {
    return kafka::OpenTail(
        environment_, publisher_.reachability(),
        [this] { return publisher_.client(); }, std::move(spec));
  }

  absl::Status Closed() const {
    return absl::UnavailableError(environment_.place() +
                                  ": the transport is closed");
  }

  Environment environment_;
  kafka::Publisher publisher_;
  kafka::GroupAsker asker_;
  std::vector<std::weak_ptr<GroupMember>> members_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> OpenKafka(EventLoop& loop,
                                                     KafkaOptions options,
                                                     Logger& logger) {
  absl::Status status = options.Validate();
  if (!status.ok()) return status;
  auto transport =
      std::make_unique<KafkaTransport>(loop, std::move(options), logger);
  status = transport->Start();
  if (!status.ok()) return status;
  return transport;
}

void FailProducerForTest(Transport& transport) {
  static_cast<KafkaTransport&>(transport).publisher().FailForTest();
}

}  // namespace millrace::bus
