// A subscription on a fake transport whose listener is answered by the test.
#ifndef MILLRACE_BUS_TESTING_SUBSCRIPTION_FIXTURE_H_
#define MILLRACE_BUS_TESTING_SUBSCRIPTION_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "bus/codec.h"
#include "bus/subscription.h"
#include "bus/testing/fake_transport.h"

namespace millrace::bus {

// Handlers wait until the test answers for them, by event id, unless it has
// said how to handle events.
class HeldListener final : public EventListener {
 public:
  Promise<void> Deliver(const EventEnvelope& event) override {
    begun.push_back(event.id);
    if (handle) return handle(event);
    return held[event.id].promise();
  }
  void Answer(const std::string& id, absl::Status status = absl::OkStatus()) {
    const Deferred<void> deferred = std::move(held.extract(id).mapped());
    if (status.ok()) {
      deferred.Resolve();
    } else {
      deferred.Reject(status);
    }
  }
  std::function<Promise<void>(const EventEnvelope&)> handle;
  std::vector<std::string> begun;
  std::map<std::string, Deferred<void>> held;
};

class SubscriptionTest : public testing::Test {
 protected:
  void Start(SubscriptionOptions options = {}) {
    SubscriptionSpec spec;
    spec.group = "group";
    spec.topic = "t";
    spec.dead_letter_topic = "t.dead";
    spec.retry = {3, absl::Milliseconds(1), absl::Milliseconds(2), 2};
    spec.options = options;
    auto started = Subscription::Start(loop_, transport_, logger_, metrics_,
                                       spec, listener_);
    ASSERT_TRUE(started.ok()) << started.status();
    subscription_ = *std::move(started);
  }

  void Assign(int partition, std::vector<OffsetRange> finished = {}) {
    transport_.log->assigned.push_back({"t", partition});
    Do([&] {
      transport_.events->OnAssigned({{{"t", partition}, std::move(finished)}});
    });
  }

  // A record whose event's id is "<offset>".
  Record At(int64_t offset, std::string key, int partition = 0,
            absl::Time expires = absl::InfiniteFuture()) {
    EventEnvelope event;
    event.expires = expires;
    event.id = StrCat(offset);
    event.type = "T";
    event.source = "/s";
    event.key = std::move(key);
    Record record = EncodeEvent(event, "t");
    record.partition = partition;
    record.offset = offset;
    return record;
  }

  void Deliver(std::vector<Record> records) {
    Do([&] { transport_.events->OnRecords(std::move(records)); });
  }

  // Runs `what` on the loop, and what follows from it.
  void Do(const std::function<void()>& what) {
    loop_.SetImmediate([&] { what(); });
    loop_.Run();
  }

  void Answer(const std::string& id, absl::Status status = absl::OkStatus()) {
    Do([&] { listener_.Answer(id, status); });
  }

  std::optional<Progress> Committed(int partition = 0) {
    const auto it = transport_.log->committed.find({"t", partition});
    if (it == transport_.log->committed.end()) return std::nullopt;
    return it->second;
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  FakeTransport transport_;
  HeldListener listener_;
  std::shared_ptr<Subscription> subscription_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_TESTING_SUBSCRIPTION_FIXTURE_H_
