#include "tests/conformance/bus/support.h"

#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus::conformance {
namespace {

using google::protobuf::Message;
using google::protobuf::StringValue;

std::string KeyOfText(const std::string& text) {
  return text.substr(0, text.find(':'));
}

const Message& Prototype() { return StringValue::default_instance(); }

std::string KeyOfMessage(const Message& message) {
  return KeyOfText(static_cast<const StringValue&>(message).value());
}

}  // namespace

RetryPolicy QuickRetry(int max_attempts) {
  return {max_attempts, absl::Milliseconds(1), absl::Milliseconds(5), 2};
}

TestContract::TestContract(std::string topic, int partitions, RetryPolicy retry)
    : topic_(std::move(topic)),
      dead_(topic_ + ".dead"),
      said_{"Said", "test.v1.TestEvents.Said", Prototype, KeyOfMessage} {
  info_.full_name = "test.v1.TestEvents";
  info_.topic = topic_;
  info_.partitions = partitions;
  info_.retention = absl::Hours(24);
  info_.retry = retry;
  info_.dead_letter_topic = dead_;
  info_.events = absl::MakeConstSpan(&said_, 1);
}

Promise<std::string> Say(Bus& bus, const TestContract& contract,
                         const std::string& key, const std::string& text) {
  StringValue payload;
  payload.set_value(StrCat(key, ":", text));
  return bus.Publish(contract.info(), contract.said(), payload, key,
                     CallContext());
}

Promise<void> SayMany(Bus& bus, const TestContract& contract, std::string key,
                      int count) {
  std::vector<Promise<std::string>> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(Say(bus, contract, key, StrCat(i)));
  }
  co_await All(std::move(all));
}

std::string TextOf(const EventEnvelope& event) {
  StringValue payload;
  return payload.ParseFromString(event.payload) ? payload.value()
                                                : "(undecodable)";
}

Promise<void> Recorder::Deliver(const EventEnvelope& event) {
  events_.push_back(event);
  std::string text = TextOf(event);
  begun_.push_back(text);
  most_at_once_ = std::max(most_at_once_, ++at_once_);
  Promise<void> answer;
  try {
    answer = answer_ ? answer_(event) : Promise<void>::Resolve();
  } catch (...) {
    --at_once_;
    throw;
  }
  return Follow(*this, std::move(answer), std::move(text));
}

Promise<void> Recorder::Follow(Recorder& self, Promise<void> answer,
                               std::string text) {
  const absl::Status status = co_await AsStatusOr(std::move(answer));
  --self.at_once_;
  ThrowIfError(status);
  self.done_.push_back(std::move(text));
}

std::vector<std::string> Recorder::done_of(const std::string& key) const {
  std::vector<std::string> of_key;
  std::copy_if(done_.begin(), done_.end(), std::back_inserter(of_key),
               [&](const std::string& text) { return KeyOfText(text) == key; });
  return of_key;
}

std::map<std::string, int> Recorder::counts() const {
  std::map<std::string, int> counts;
  for (const std::string& text : done_) ++counts[text];
  return counts;
}

Promise<void> Gate::Wait(const std::string& text) {
  if (open_) return Promise<void>::Resolve();
  return waiting_.emplace(text, Deferred<void>())->second.promise();
}

void Gate::Open(const std::string& text) {
  const auto [from, to] = waiting_.equal_range(text);
  for (auto it = from; it != to; ++it) it->second.Resolve();
  waiting_.erase(from, to);
}

void Gate::OpenAll() {
  open_ = true;
  for (const auto& [text, deferred] : waiting_) deferred.Resolve();
  waiting_.clear();
}

std::vector<std::string> Numbered(const std::string& key, int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(StrCat(key, ":", i));
  return texts;
}

Promise<std::vector<Record>> ReadAll(Transport& transport, std::string topic) {
  std::vector<std::string> topics(1, std::move(topic));
  Stream<Record> stream =
      transport.Tail(std::move(topics), TailFrom::kBeginning, false);
  std::vector<Record> records;
  while (std::optional<Record> record = co_await stream.Next()) {
    records.push_back(*std::move(record));
  }
  co_return records;
}

Promise<std::map<int, GroupOffset>> OffsetsOf(Transport& transport,
                                              std::string group,
                                              std::string topic) {
  const std::vector<std::string> topics(1, std::move(topic));
  while (true) {
    const Promise<std::vector<GroupOffset>> asked =
        transport.Offsets(group, topics);
    const absl::StatusOr<std::vector<GroupOffset>> offsets =
        co_await AsStatusOr(asked);
    // A coordinator that has just begun reads first what it knows of its
    // groups.
    if (absl::IsUnavailable(offsets.status())) {
      co_await Delay(absl::Milliseconds(10));
      continue;
    }
    ThrowIfError(offsets.status());
    std::map<int, GroupOffset> by_partition;
    for (const GroupOffset& offset : *offsets) {
      by_partition[offset.partition.partition] = offset;
    }
    co_return by_partition;
  }
}

Promise<int64_t> LagOf(Transport& transport, std::string group,
                       std::string topic) {
  int64_t lag = 0;
  const auto offsets =
      co_await OffsetsOf(transport, std::move(group), std::move(topic));
  for (const auto& [partition, offset] : offsets) lag += offset.lag();
  co_return lag;
}

}  // namespace millrace::bus::conformance
