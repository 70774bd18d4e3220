// What becomes of events: order, retries, dead letters, backpressure.

#include "base/status.h"
#include "base/strings.h"
#include "bus/dead_letter.h"
#include "bus/inbox.h"
#include "bus/testing/subscription_fixture.h"
#include "loop/combinators.h"
#include "loop/testing/virtual_time.h"

namespace millrace::bus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

// The islands of the topic of before mean nothing in the new one.
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

// Handed over while a handler ran past the bound, and given back: the key
// waits for that handler.
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
  EXPECT_EQ(transport_.published[0].headers.Find("millrace-dead-reason"),
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

TEST_F(SubscriptionTest, ARecordOfTheLargestHeadersOrKeyStopsNothing) {
  constexpr size_t kLargest = 10'000;
  Start();
  Assign(0);
  transport_.on_publish = [&](const std::vector<Record>& records) {
    // As it would be tried for ever.
    if (transport_.publishes > 8) loop_.Stop();
    return records[0].bytes() > kLargest
               ? absl::InvalidArgumentError("too large")
               : absl::OkStatus();
  };
  Record headers = At(0, "a");
  headers.headers.Add("large", std::string(kLargest, 'x'));
  Record key = At(1, std::string(kLargest, 'k'));
  listener_.handle = [](const EventEnvelope& event) {
    if (event.id == "2") return Promise<void>::Resolve();
    return Promise<void>::Reject(absl::DataLossError("never"));
  };
  Deliver({headers, key, At(2, "a")});
  EXPECT_EQ(Committed(), Progress(3));
  ASSERT_EQ(transport_.published.size(), 2u);
  for (const Record& record : transport_.published) {
    const auto letter = DecodeDeadLetter(record);
    ASSERT_TRUE(letter.ok()) << letter.status();
    EXPECT_TRUE((*letter)->truncated);
    EXPECT_EQ((*letter)->failure, absl::DataLossError("never"));
  }
  EXPECT_EQ(transport_.published[0].key, "a");
  EXPECT_EQ(transport_.published[0].headers.Find("ce_id"), "0");
  EXPECT_EQ(transport_.published[1].key, "");
  EXPECT_EQ(transport_.published[1].headers.Find("ce_id"), "1");
}

TEST_F(SubscriptionTest, PassesOverReplaysForOtherGroups) {
  Start();
  Assign(0);
  Record other = At(0, "a");
  other.headers.Add("millrace-replay-group", "somebody else");
  Record ours = At(1, "a");
  ours.headers.Add("millrace-replay-group", "group");
  Deliver({other, ours});
  EXPECT_THAT(listener_.begun, ElementsAre("1"));
  EXPECT_EQ(Committed(), Progress(1));
  Answer("1");
}

TEST_F(SubscriptionTest, PassesOverWhatHasExpired) {
  Start();
  Assign(0);
  const absl::Time now = absl::Now();
  Deliver({At(0, "a", 0, now - absl::Seconds(1)),
           At(1, "a", 0, now + absl::Hours(1)), At(2, "b", 0, now)});
  EXPECT_THAT(listener_.begun, ElementsAre("1"));
  EXPECT_EQ(Committed(), Progress(1, {{2, 3}}));
  EXPECT_TRUE(transport_.published.empty());
  Answer("1");
  EXPECT_EQ(Committed(), Progress(3));
}

TEST_F(SubscriptionTest, AnEventThatExpiresBetweenAttemptsIsNotTriedAgain) {
  VirtualTime time(loop_, absl::FromUnixSeconds(1'800'000'000));
  Start();
  Assign(0);
  const absl::Time expires =
      absl::FromUnixSeconds(1'800'000'000) + absl::Hours(1);
  Deliver({At(0, "a", 0, expires)});
  time.SetWallBy(absl::Hours(2));
  Answer("0", absl::InternalError("not yet"));
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  EXPECT_EQ(Committed(), Progress(1));
  EXPECT_TRUE(transport_.published.empty());
}

TEST_F(SubscriptionTest, WhatHasExpiredMayBecomeADeadLetter) {
  SubscriptionOptions options;
  options.expired = Expired::kDeadLetter;
  Start(options);
  Assign(0);
  Record late = At(0, "a", 0, absl::UnixEpoch() + absl::Seconds(1));
  late.value = "the payload";
  Deliver({late});
  EXPECT_TRUE(listener_.begun.empty());
  EXPECT_EQ(Committed(), Progress(1));
  ASSERT_EQ(transport_.published.size(), 1u);
  const auto letter = DecodeDeadLetter(transport_.published[0]);
  ASSERT_TRUE(letter.ok()) << letter.status();
  EXPECT_EQ((*letter)->failure.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(MessageOf((*letter)->failure)),
              HasSubstr("expired at 1970-01-01T00:00:01+00:00"));
  EXPECT_EQ((*letter)->attempts, 0);
  EXPECT_EQ((*letter)->source.value, "the payload");
}

TEST_F(SubscriptionTest, WhatHasExpiredMayBeDelivered) {
  SubscriptionOptions options;
  options.expired = Expired::kDeliver;
  Start(options);
  Assign(0);
  Deliver({At(0, "a", 0, absl::UnixEpoch() + absl::Seconds(1))});
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Answer("0");
  EXPECT_EQ(Committed(), Progress(1));
}

TEST_F(SubscriptionTest, AReplayIsDeliveredThoughItHasExpired) {
  Start();
  Assign(0);
  Record replay = At(0, "a", 0, absl::UnixEpoch() + absl::Seconds(1));
  replay.headers.Add("millrace-replay-group", "group");
  Deliver({replay});
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Answer("0");
}

// The expiry is the deadline of the inbox's transactions.
TEST_F(SubscriptionTest, WhatIsDeliveredThoughItHasExpiredHasItsEffects) {
  store::DatabaseOptions options;
  options.url = "sqlite::memory:";
  const auto database =
      ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
  Do([&] { database->Migrate(kInboxModule, Inbox::Migrations()).Detach(); });
  Inbox inbox(*database, "group");
  int effects = 0;
  listener_.handle = [&](const EventEnvelope& event) {
    return inbox
        .Once(event,
              [&effects, id = event.id](store::Tx&) {
                if (id == "1") Throw(absl::DataLossError("never"));
                ++effects;
              })
        .Then([](bool) {});
  };
  Start();
  Assign(0);
  const absl::Time past = absl::UnixEpoch() + absl::Seconds(1);
  std::vector<Record> replays = {At(0, "a", 0, past), At(1, "b", 0, past)};
  for (Record& replay : replays) {
    replay.headers.Add("millrace-replay-group", "group");
  }
  Deliver(replays);
  EXPECT_EQ(Committed(), Progress(2));
  EXPECT_EQ(effects, 1);
  // A letter has the expiry of its event all the same.
  ASSERT_EQ(transport_.published.size(), 1u);
  EXPECT_EQ(transport_.published[0].headers.Find("millrace-dead-reason"),
            "never");
  EXPECT_EQ(transport_.published[0].headers.Find("ce_expirytime"),
            "1970-01-01T00:00:01+00:00");
  Do([&] { database->Close().Detach(); });
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
