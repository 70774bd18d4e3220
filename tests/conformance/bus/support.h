// What the cases share: a contract without generated code, a listener that
// does as it is told, and reading a topic.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SUPPORT_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SUPPORT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "bus/transport.h"
#include "contract/event.h"
#include "loop/promise.h"

namespace millrace::bus::conformance {

// Fails fast: the cases are about what happens, not about how long it takes.
RetryPolicy QuickRetry(int max_attempts = 3);

// One event, "Said", whose payload is a google.protobuf.StringValue
// "<key>:<text>" and whose key is what stands before the colon.
class TestContract {
 public:
  TestContract(std::string topic, int partitions, RetryPolicy retry);
  TestContract(const TestContract&) = delete;
  TestContract& operator=(const TestContract&) = delete;

  const ContractInfo& info() const { return info_; }
  const EventInfo& said() const { return said_; }
  const std::string& topic() const { return topic_; }
  const std::string& dead_letter_topic() const { return dead_; }

 private:
  const std::string topic_;
  const std::string dead_;
  const EventInfo said_;
  ContractInfo info_;
};

// Publishes "<key>:<text>" and resolves when it is durable.
Promise<std::string> Say(Bus& bus, const TestContract& contract,
                         const std::string& key, const std::string& text);
// The same for `count` of them, "<key>:0", "<key>:1" ...
Promise<void> SayMany(Bus& bus, const TestContract& contract, std::string key,
                      int count);
// The "<key>:<text>" of an event.
std::string TextOf(const EventEnvelope& event);

// Remembers what it was handed and answers as `answer` says.
class Recorder final : public EventListener {
 public:
  using Answer = std::function<Promise<void>(const EventEnvelope&)>;

  explicit Recorder(Answer answer = nullptr) : answer_(std::move(answer)) {}

  Promise<void> Deliver(const EventEnvelope& event) override;

  // Every delivery in its order, and what became of it.
  const std::vector<std::string>& begun() const { return begun_; }
  const std::vector<std::string>& done() const { return done_; }
  // Of one key.
  std::vector<std::string> done_of(const std::string& key) const;
  std::map<std::string, int> counts() const;
  int at_once() const { return at_once_; }
  int most_at_once() const { return most_at_once_; }
  const std::vector<EventEnvelope>& events() const { return events_; }

 private:
  static Promise<void> Follow(Recorder& self, Promise<void> answer,
                              std::string text);

  const Answer answer_;
  std::vector<EventEnvelope> events_;
  std::vector<std::string> begun_;
  std::vector<std::string> done_;
  int at_once_ = 0;
  int most_at_once_ = 0;
};

// A gate that handlers wait at, by what they were handed.
class Gate {
 public:
  Promise<void> Wait(const std::string& text);
  void Open(const std::string& text);
  void OpenAll();
  size_t waiting() const { return waiting_.size(); }

 private:
  std::multimap<std::string, Deferred<void>> waiting_;
  bool open_ = false;
};

// "<key>:0" ... "<key>:<count - 1>".
std::vector<std::string> Numbered(const std::string& key, int count);

// All records of a topic, as they are now.
Promise<std::vector<Record>> ReadAll(Transport& transport, std::string topic);
// The group's offsets by partition.
Promise<std::map<int, GroupOffset>> OffsetsOf(Transport& transport,
                                              std::string group,
                                              std::string topic);
// Of all partitions together.
Promise<int64_t> LagOf(Transport& transport, std::string group,
                       std::string topic);

}  // namespace millrace::bus::conformance

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SUPPORT_H_
