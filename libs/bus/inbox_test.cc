#include "bus/inbox.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

class InboxTest : public testing::Test {
 protected:
  InboxTest() {
    store::DatabaseOptions options;
    options.url = "sqlite::memory:";
    database_ =
        ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
    (void)Settle(database_->Migrate(kInboxModule, Inbox::Migrations()));
    (void)Settle(database_->Transact(
        [](store::Tx& tx) { tx.Execute("CREATE TABLE effects (text TEXT)"); }));
  }
  ~InboxTest() override { (void)Settle(database_->Close()); }

  template <typename T>
  StatusOrVoid<T> Settle(Promise<T> promise) {
    const Promise<StatusOrVoid<T>> outcome = AsStatusOr(std::move(promise));
    loop_.Run();
    EXPECT_TRUE(outcome.settled());
    return outcome.value();
  }

  static EventEnvelope Event(std::string id, std::string source = "/s") {
    EventEnvelope event;
    event.id = std::move(id);
    event.source = std::move(source);
    return event;
  }

  static void Effect(store::Tx& tx) {
    tx.Execute("INSERT INTO effects (text) VALUES ('x')");
  }

  int64_t Count(const std::string& table) {
    return *Settle(database_->Read([table](store::Tx& tx) {
      return tx.QueryOne(StrCat("SELECT COUNT(*) AS n FROM ", table))->Int("n");
    }));
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(InboxTest, TheSecondTimeNothingHappens) {
  Inbox inbox(*database_, "group");
  EXPECT_TRUE(*Settle(inbox.Once(Event("1"), Effect)));
  EXPECT_FALSE(*Settle(inbox.Once(Event("1"), Effect)));
  EXPECT_TRUE(*Settle(inbox.Once(Event("2"), Effect)));
  EXPECT_EQ(Count("effects"), 2);
}

TEST_F(InboxTest, AtTheSameTimeOneOfThemHappens) {
  Inbox inbox(*database_, "group");
  std::vector<Promise<bool>> all;
  for (int i = 0; i < 20; ++i) all.push_back(inbox.Once(Event("1"), Effect));
  const auto outcomes = Settle(All(std::move(all)));
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(std::count(outcomes->begin(), outcomes->end(), true), 1);
  EXPECT_EQ(Count("effects"), 1);
}

TEST_F(InboxTest, WhatFailsLeavesNoNote) {
  Inbox inbox(*database_, "group");
  const auto failed = Settle(inbox.Once(Event("1"), [](store::Tx& tx) {
    Effect(tx);
    Throw(absl::InternalError("half way"));
  }));
  EXPECT_EQ(failed.status(), absl::InternalError("half way"));
  EXPECT_EQ(Count("effects"), 0);
  EXPECT_EQ(Count("millrace_inbox"), 0);
  EXPECT_TRUE(*Settle(inbox.Once(Event("1"), Effect)));
}

TEST_F(InboxTest, GroupsAndSourcesAreApart) {
  Inbox a(*database_, "a");
  Inbox b(*database_, "b");
  EXPECT_TRUE(*Settle(a.Once(Event("1", "/x"), Effect)));
  EXPECT_TRUE(*Settle(b.Once(Event("1", "/x"), Effect)));
  EXPECT_TRUE(*Settle(a.Once(Event("1", "/y"), Effect)));
  EXPECT_FALSE(*Settle(a.Once(Event("1", "/y"), Effect)));
}

TEST_F(InboxTest, TheTransactionKnowsTheEventAsItsCause) {
  Inbox inbox(*database_, "group");
  EventEnvelope event = Event("the-id");
  event.trace = TraceContext::NewRoot();
  CallContext seen;
  ASSERT_TRUE(Settle(inbox.Once(event, [&seen](store::Tx& tx) {
                seen = tx.context();
              })).ok());
  EXPECT_EQ(seen.causation_id, "the-id");
  EXPECT_EQ(seen.trace, event.trace);
}

TEST_F(InboxTest, OldNotesAreDeletedAFewAtATime) {
  InboxOptions options;
  options.retention = absl::Hours(1);
  options.clean_every = 1;
  options.clean_batch = 3;
  Inbox inbox(*database_, "group", options);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Settle(inbox.Once(Event(StrCat("old", i)), Effect)).ok());
  }
  (void)Settle(database_->Transact([](store::Tx& tx) {
    tx.Execute("UPDATE millrace_inbox SET seen_ms = seen_ms - 3600001");
  }));
  ASSERT_TRUE(*Settle(inbox.Once(Event("new1"), Effect)));
  EXPECT_EQ(Count("millrace_inbox"), 3);  // 5 - 3 + 1
  ASSERT_TRUE(*Settle(inbox.Once(Event("new2"), Effect)));
  EXPECT_EQ(Count("millrace_inbox"), 2);
}

TEST_F(InboxTest, ANoteIsKeptFromWhenTheEventCameLast) {
  InboxOptions options;
  options.retention = absl::Hours(1);
  options.clean_every = 1;
  Inbox inbox(*database_, "group", options);
  const auto half_an_hour_later = [&] {
    (void)Settle(database_->Transact([](store::Tx& tx) {
      tx.Execute("UPDATE millrace_inbox SET seen_ms = seen_ms - 1800001");
    }));
  };
  ASSERT_TRUE(*Settle(inbox.Once(Event("1"), Effect)));
  half_an_hour_later();
  EXPECT_FALSE(*Settle(inbox.Once(Event("1"), Effect)));
  half_an_hour_later();
  ASSERT_TRUE(*Settle(inbox.Once(Event("2"), Effect)));  // cleans
  EXPECT_FALSE(*Settle(inbox.Once(Event("1"), Effect)));
  EXPECT_EQ(Count("effects"), 2);
}

// A letter of its last day, replayed, is in the topic for all its time.
TEST_F(InboxTest, NotesOutliveWhatTheContractsKeep) {
  const EventInfo event{"E", "T.E"};
  ContractInfo contract;
  contract.full_name = "T";
  contract.topic = "t";
  contract.dead_letter_topic = "t.dead";
  contract.events = absl::MakeConstSpan(&event, 1);
  contract.retention = absl::Hours(24 * 7);
  EXPECT_EQ(Inbox(*database_, "group", {&contract}).retention(),
            absl::Hours(24 * 37));
  contract.retention = absl::Hours(24 * 365);
  EXPECT_EQ(Inbox(*database_, "group", {&contract}).retention(),
            absl::Hours(24 * 730));
  contract.retention = absl::InfiniteDuration();
  Inbox inbox(*database_, "group", {&contract});
  EXPECT_EQ(inbox.retention(), absl::InfiniteDuration());
  EXPECT_TRUE(*Settle(inbox.Once(Event("1"), Effect)));
  EXPECT_EQ(Count("millrace_inbox"), 1);
}

TEST_F(InboxTest, WhatWasTakenAwayHasNoEffects) {
  Inbox inbox(*database_, "group");
  EventEnvelope event = Event("1");
  event.signal = AbortSignal::Aborted();
  EXPECT_TRUE(absl::IsCancelled(Settle(inbox.Once(event, Effect)).status()));
  EXPECT_EQ(Count("millrace_inbox"), 0);
}

}  // namespace
}  // namespace millrace::bus
