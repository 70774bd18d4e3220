#include "bus/subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/strings.h"
#include "bus/codec.h"
#include "bus/dead_letter.h"
#include "bus/headers.h"
#include "bus/testing/fake_transport.h"
#include "loop/combinators.h"
#include "loop/testing/virtual_time.h"

namespace millrace::bus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Key;
using testing::Not;

// Handlers wait until the test answers for them, by event id.
class HeldListener final : public EventListener {
 public:
  Promise<void> Deliver(const EventEnvelope& event) override {
    begun.push_back(event.id);
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
  Record At(int64_t offset, std::string key, int partition = 0) {
    EventEnvelope event;
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

TEST_F(SubscriptionTest, PausesThePartitionThatHasTooMuchAndResumesAtHalf) {
  SubscriptionOptions options;
  options.max_in_flight = 4;
  Start(options);
  Assign(0);
  Assign(1);
  Deliver({At(0, "a"), At(1, "a"), At(2, "a")});
  EXPECT_TRUE(transport_.log->paused.empty());
  Deliver({At(3, "a")});
  EXPECT_THAT(transport_.log->paused, ElementsAre(TopicPartition{"t", 0}));
  Answer("0");
  EXPECT_FALSE(transport_.log->paused.empty());
  Answer("1");
  EXPECT_TRUE(transport_.log->paused.empty());
  EXPECT_EQ(subscription_->in_flight(), 2u);
  Answer("2");
  Answer("3");
}

TEST_F(SubscriptionTest, PausesWhenTheRecordsAreLarge) {
  SubscriptionOptions options;
  options.max_in_flight_bytes = 10'000;
  Start(options);
  Assign(0);
  Record large = At(0, "a");
  large.value.assign(20'000, 'x');
  Deliver({large});
  EXPECT_FALSE(transport_.log->paused.empty());
  Answer("0");
  EXPECT_TRUE(transport_.log->paused.empty());
}

TEST_F(SubscriptionTest, PausesWhenTooMuchWaitsBehindOneStuckKey) {
  SubscriptionOptions options;
  options.max_in_flight = 4;
  options.max_uncommitted = 8;
  Start(options);
  Assign(0);
  Deliver({At(0, "stuck")});
  for (int i = 1; i < 8; ++i) {
    EXPECT_TRUE(transport_.log->paused.empty());
    Deliver({At(i, "k")});
    Answer(StrCat(i));
  }
  EXPECT_FALSE(transport_.log->paused.empty());
  EXPECT_EQ(Committed(), Progress(0, {{1, 8}}));
  Answer("0");
  EXPECT_EQ(Committed(), Progress(8));
  EXPECT_TRUE(transport_.log->paused.empty());
}

TEST_F(SubscriptionTest, WhatTheOwnerBeforeHasFinishedIsNotDeliveredAgain) {
  Start();
  Assign(0, {{1, 3}, {4, 5}});
  Deliver({At(0, "a"), At(1, "a"), At(2, "b"), At(3, "a"), At(4, "b")});
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  EXPECT_EQ(Committed(), Progress(0, {{1, 3}, {4, 5}}));
  EXPECT_EQ(subscription_->in_flight(), 2u);
  Answer("0");
  EXPECT_EQ(Committed(), Progress(3, {{4, 5}}));
  Answer("3");
  EXPECT_EQ(Committed(), Progress(5));
  EXPECT_THAT(listener_.begun, ElementsAre("0", "3"));
}

// The islands of the topic of before mean nothing in the new one.
TEST_F(SubscriptionTest, ATopicThatIsMadeAnewIsReadFromItsStart) {
  SubscriptionOptions options;
  options.max_in_flight = 3;
  Start(options);
  Assign(0, {{12, 14}});
  Deliver({At(9, "a"), At(10, "a"), At(11, "b")});
  EXPECT_FALSE(transport_.log->paused.empty());
  Deliver({At(5, "a"), At(12, "c")});
  EXPECT_TRUE(transport_.log->paused.empty());
  // Those of before run on, and hold the new ones back.
  EXPECT_THAT(listener_.begun, ElementsAre("9", "11"));
  Answer("9");
  Answer("11");
  EXPECT_EQ(Committed(), std::nullopt);
  EXPECT_THAT(listener_.begun, ElementsAre("9", "11", "5", "12"));
  Answer("12");
  EXPECT_EQ(Committed(), Progress(5, {{12, 13}}));
  Answer("5");
  EXPECT_EQ(Committed(), Progress(13));
}

TEST_F(SubscriptionTest, WhatIsFullUsesUpNoAttempts) {
  Start();
  Assign(0);
  Deliver({At(0, "a")});
  for (int i = 0; i < 5; ++i) {
    Answer("0", absl::ResourceExhaustedError("no room"));
  }
  EXPECT_TRUE(transport_.published.empty());
  Answer("0");
  EXPECT_EQ(Committed(), Progress(1));
}

TEST_F(SubscriptionTest, WhatIsFinishedAtTheHandOverIsCommittedWithIt) {
  Start();
  Assign(0);
  Deliver({At(0, "slow"), At(1, "a"), At(2, "b")});
  Promise<void> revoked;
  std::optional<Progress> committed;
  Do([&] {
    std::vector<TopicPartition> taken = {{"t", 0}};
    revoked = transport_.events->OnRevoked(taken, Revoked::kHandedOver);
    listener_.Answer("1");
    listener_.Answer("2");
    listener_.Answer("0", absl::InternalError("not here"));
    // Before this turn of the loop has ended.
    revoked.Then([&] { committed = Committed(); }).Detach();
  });
  EXPECT_EQ(committed, Progress(0, {{1, 3}}));
}

TEST_F(SubscriptionTest, ALostPartitionIsNeverCommittedAndItsQueueDropped) {
  Start();
  Assign(0);
  Deliver({At(0, "a"), At(1, "a"), At(2, "b")});
  Do([this] {
    std::vector<TopicPartition> lost = {{"t", 0}};
    (void)transport_.events->OnRevoked(lost, Revoked::kLost);
  });
  Answer("0");
  Answer("2");
  EXPECT_EQ(Committed(), std::nullopt);
  EXPECT_THAT(listener_.begun, ElementsAre("0", "2"));
}

TEST_F(SubscriptionTest, RecordsOfAPartitionNotOursAreIgnored) {
  Start();
  Assign(0);
  Deliver({At(0, "a", 5)});
  EXPECT_TRUE(listener_.begun.empty());
}

// Handed over while a handler ran past the bound, and given back: the key
// waits for that handler.
TEST_F(SubscriptionTest, AKeyIsNotWorkedOnTwiceAfterTheBoundHasPassed) {
  SubscriptionOptions options;
  options.revoke_bound = absl::Milliseconds(1);
  Start(options);
  Assign(0);
  Deliver({At(0, "a")});
  Do([this] {
    std::vector<TopicPartition> taken = {{"t", 0}};
    (void)transport_.events->OnRevoked(taken, Revoked::kHandedOver);
  });
  Assign(0);
  Deliver({At(0, "a"), At(1, "b")});
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Answer("0");
  EXPECT_THAT(listener_.begun, ElementsAre("0", "0", "1"));
  EXPECT_EQ(Committed(), std::nullopt);
  Answer("0");
  EXPECT_EQ(Committed(), Progress(1));
  Answer("1");
}

TEST_F(SubscriptionTest, TheLetterIsDurableBeforeTheSourceIsCommitted) {
  Start();
  Assign(0);
  int refused = 0;
  std::optional<Progress> committed_then = Progress();
  transport_.on_publish = [&](const std::vector<Record>& records) {
    EXPECT_EQ(records[0].topic, "t.dead");
    committed_then = Committed();
    return ++refused < 3 ? absl::UnavailableError("away") : absl::OkStatus();
  };
  Deliver({At(0, "a"), At(1, "a")});
  Answer("0", absl::InvalidArgumentError("never"));
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(committed_then, std::nullopt);
  EXPECT_EQ(Committed(), Progress(1));
  EXPECT_THAT(listener_.begun, ElementsAre("0", "1"));
  ASSERT_EQ(transport_.published.size(), 1u);
  EXPECT_EQ(FindHeader(transport_.published[0].headers, "millrace-dead-reason"),
            "never");
  Answer("1");
}

TEST_F(SubscriptionTest, AMissingDeadLetterTopicIsMade) {
  Start();
  Assign(0);
  transport_.on_publish = [&](const std::vector<Record>&) {
    return transport_.ensured.empty() ? absl::NotFoundError("no such topic")
                                      : absl::OkStatus();
  };
  Deliver({At(0, "a")});
  Answer("0", absl::DataLossError("never"));
  ASSERT_EQ(transport_.ensured.size(), 1u);
  EXPECT_EQ(transport_.ensured[0].name, "t.dead");
  EXPECT_EQ(Committed(), Progress(1));
}

TEST_F(SubscriptionTest, ALetterThatIsTooLargeGoesWithoutItsValue) {
  Start();
  Assign(0);
  transport_.on_publish = [&](const std::vector<Record>& records) {
    return records[0].value.size() > 100
               ? absl::InvalidArgumentError("too large")
               : absl::OkStatus();
  };
  Record large = At(0, "a");
  large.value.assign(200, 'x');
  Deliver({large});
  Answer("0", absl::DataLossError("never"));
  ASSERT_EQ(transport_.published.size(), 1u);
  const auto letter = DecodeDeadLetter(transport_.published[0]);
  ASSERT_TRUE(letter.ok()) << letter.status();
  EXPECT_TRUE((*letter)->truncated);
  EXPECT_EQ(Committed(), Progress(1));
}

TEST_F(SubscriptionTest, PassesOverReplaysForOtherGroups) {
  Start();
  Assign(0);
  Record other = At(0, "a");
  other.headers.emplace_back("millrace-replay-group", "somebody else");
  Record ours = At(1, "a");
  ours.headers.emplace_back("millrace-replay-group", "group");
  Deliver({other, ours});
  EXPECT_THAT(listener_.begun, ElementsAre("1"));
  EXPECT_EQ(Committed(), Progress(1));
  Answer("1");
}

TEST_F(SubscriptionTest, APausedSubscriptionDrainsOnlyWhatRuns) {
  Start();
  Assign(0);
  Deliver({At(0, "a"), At(1, "a"), At(2, "a")});
  subscription_->Pause();
  Promise<void> drained;
  Do([&] { drained = subscription_->Drain(absl::InfiniteDuration()); });
  EXPECT_FALSE(drained.settled());
  Answer("0");
  EXPECT_TRUE(drained.settled());
  EXPECT_EQ(Committed(), Progress(1));
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
}

TEST_F(SubscriptionTest, ManyQuickEventsLeaveTheLoopRoom) {
  Start();
  Assign(0);
  std::vector<Record> records;
  for (int i = 0; i < 900; ++i) records.push_back(At(i, StrCat("k", i)));
  const uint64_t before = loop_.turns();
  SubscriptionOptions options;
  Deliver(std::move(records));
  // 256 at once at most; these wait, so the others have not begun.
  EXPECT_EQ(listener_.begun.size(), 256u);
  EXPECT_GE(loop_.turns(), before + 2);
  while (!listener_.held.empty()) Answer(listener_.held.begin()->first);
  EXPECT_EQ(Committed(), Progress(900));
}

// The transport has waited long enough for the partition, we have not: what
// runs there still holds its keys back when the partition is ours again.
TEST_F(SubscriptionTest,
       APartitionThatReturnsWhileItLeavesWaitsForItsHandlers) {
  Start();
  Assign(0);
  Deliver({At(0, "a")});
  Promise<void> revoked;
  Do([&] {
    revoked = transport_.events->OnRevoked({{"t", 0}}, Revoked::kHandedOver);
    transport_.events->OnAssigned({{{"t", 0}, {}}});
    transport_.events->OnRecords({At(0, "a"), At(1, "a")});
    loop_.Stop();
  });
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Answer("0");
  EXPECT_TRUE(revoked.settled());
  EXPECT_THAT(listener_.begun, ElementsAre("0", "0"));
  EXPECT_EQ(Committed(), std::nullopt);
  Answer("0");
  Answer("1");
  EXPECT_EQ(Committed(), Progress(2));
}

TEST_F(SubscriptionTest, ARebalanceThatCutWorkOffDoesNotSpoilTheDrain) {
  VirtualTime time(loop_, absl::FromUnixSeconds(1'800'000'000));
  Start();
  Assign(0);
  Deliver({At(0, "a")});
  Promise<void> revoked;
  Do([&] {
    revoked = transport_.events->OnRevoked({{"t", 0}}, Revoked::kHandedOver);
  });
  EXPECT_TRUE(revoked.settled());  // after its bound
  Answer("0");
  transport_.log->assigned.clear();
  Promise<absl::Status> drained;
  Do([&] { drained = AsStatusOr(subscription_->Drain(absl::Seconds(1))); });
  ASSERT_TRUE(drained.settled());
  EXPECT_EQ(drained.value(), absl::OkStatus());
}

TEST_F(SubscriptionTest, AClockThatIsSetDoesNotEndTheTimeForRetries) {
  VirtualTime time(loop_, absl::FromUnixSeconds(1'800'000'000));
  SubscriptionOptions options;
  options.retry_for = absl::Minutes(30);
  Start(options);
  Assign(0);
  Deliver({At(0, "a")});
  Answer("0", absl::InternalError("not yet"));
  time.SetWallBy(absl::Hours(1));
  Answer("0", absl::InternalError("not yet"));
  EXPECT_EQ(listener_.begun.size(), 3u);
  EXPECT_TRUE(transport_.published.empty());
  Answer("0");
  EXPECT_EQ(Committed(), Progress(1));
}

TEST_F(SubscriptionTest, RefusesOptionsThatCannotWork) {
  SubscriptionOptions options;
  options.max_in_flight = 100;
  options.max_uncommitted = 10;
  EXPECT_EQ(options.Validate().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace::bus
