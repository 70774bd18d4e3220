// A transport, and the owner of a consumer, that hand everything on to
// another: to be changed in parts.
#ifndef MILLRACE_BUS_TESTING_FORWARDING_H_
#define MILLRACE_BUS_TESTING_FORWARDING_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus/transport.h"

namespace millrace::bus {

// `inner` outlives it.
class ForwardingTransport : public Transport {
 public:
  explicit ForwardingTransport(Transport& inner) : inner_(inner) {}

  Promise<void> Publish(std::vector<Record> records) override {
    return inner_.Publish(std::move(records));
  }
  Promise<void> EnsureTopics(std::vector<TopicSpec> topics) override {
    return inner_.EnsureTopics(std::move(topics));
  }
  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) override {
    return inner_.Join(std::move(spec), events);
  }
  Stream<Record> Tail(std::vector<std::string> topics, TailFrom from,
                      bool follow) override {
    return inner_.Tail(std::move(topics), from, follow);
  }
  Stream<Record> TailAt(std::vector<TailStart> starts, bool follow) override {
    return inner_.TailAt(std::move(starts), follow);
  }
  Promise<std::vector<GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) override {
    return inner_.Offsets(std::move(group), std::move(topics));
  }
  Promise<std::vector<std::string>> Groups() override {
    return inner_.Groups();
  }
  absl::Status health() override { return inner_.health(); }
  Promise<void> Close(absl::Duration bound) override {
    return inner_.Close(bound);
  }

 protected:
  Transport& inner_;
};

// `inner` outlives it.
class ForwardingEvents : public ConsumerEvents {
 public:
  explicit ForwardingEvents(ConsumerEvents& inner) : inner_(inner) {}

  void OnAssigned(std::vector<AssignedPartition> partitions) override {
    inner_.OnAssigned(std::move(partitions));
  }
  Promise<void> OnRevoked(std::vector<TopicPartition> partitions,
                          Revoked how) override {
    return inner_.OnRevoked(std::move(partitions), how);
  }
  void OnRecords(std::vector<Record> records) override {
    inner_.OnRecords(std::move(records));
  }
  void OnTrouble(const absl::Status& status) override {
    inner_.OnTrouble(status);
  }

 protected:
  ConsumerEvents& inner_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_TESTING_FORWARDING_H_
