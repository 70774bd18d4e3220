// The audit trail on a database: recorded once, asked, and chained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "services/admin/adopt.h"
#include "services/admin/store.h"
#include "services/admin/testing/admin_test.h"
#include "services/admin/wire.h"

namespace millrace::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TrailTest : public AdminTest {
 protected:
  // The subjects of the entries that match, in their order.
  std::vector<std::string> Query(::admin::v1::QueryAuditRequest request) {
    std::vector<std::string> subjects;
    do {
      const auto page = Await(rpc_.QueryAudit(call_, request));
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& entry : page->entries()) {
        subjects.push_back(entry.subject());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return subjects;
  }

  // Entries about a, b, c ... each a second after the one before.
  void RecordSubjects(const std::string& subjects) {
    for (const char subject : subjects) {
      clock_.Advance(absl::Seconds(1));
      const absl::Status status =
          Record(CreatedEvent(std::string(1, subject), "root"));
      ASSERT_TRUE(status.ok()) << status;
    }
  }
};

TEST_F(TrailTest, AReplayIsToldOfBeforeItIsDone) {
  AddDeadLetter(CreatedEvent("u1"));
  AddDeadLetter(CreatedEvent("u2"));
  ::millrace::v1::ReplayDeadLettersRequest request;
  request.set_all(true);
  const auto replay = [&] {
    return Await(rpc_.ReplayDeadLetters(call_, request)).status().code();
  };
  // The letters of each event, which wait to be published.
  const auto told = [this] {
    std::vector<std::vector<std::string>> all;
    for (const EventEnvelope& event : EventsEmitted()) {
      ::admin::v1::DeadLettersReplayed replayed;
      EXPECT_EQ(event.type, "admin.v1.AdminEvents.DeadLettersReplayed");
      EXPECT_TRUE(replayed.ParseFromString(event.payload));
      EXPECT_EQ(replayed.group(), kAuditGroup);
      EXPECT_EQ(replayed.replayed_by(), kRoot);
      all.emplace_back(replayed.letters().begin(), replayed.letters().end());
    }
    return all;
  };
  const std::vector<std::string> letters = {
      "admin.audit/users.v1.events/0/0/1700000000000",
      "admin.audit/users.v1.events/0/1/1700000000000"};
  request.set_dry_run(true);
  EXPECT_EQ(replay(), absl::StatusCode::kOk);
  request.set_dry_run(false);
  // Who cannot tell of it replays nothing.
  call_.context.deadline = absl::UnixEpoch();
  EXPECT_EQ(replay(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(transport_.publishes, 0);

  // As when the process ends in the middle.
  call_.context.deadline = absl::InfiniteFuture();
  transport_.on_publish = [](const auto&) {
    return absl::UnavailableError("the broker is away");
  };
  EXPECT_EQ(replay(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(told(), ElementsAre(letters));

  transport_.on_publish = [this](const auto&) {
    call_.context.deadline = absl::UnixEpoch();
    return absl::OkStatus();
  };
  EXPECT_EQ(replay(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(told(), ElementsAre(letters, letters));

  // Nothing is left to replay, and nothing to tell of.
  call_.context.deadline = absl::InfiniteFuture();
  EXPECT_EQ(replay(), absl::StatusCode::kOk);
  EXPECT_EQ(told().size(), 2u);
}

TEST_F(TrailTest, RecordsWhoDidWhatOnce) {
  const EventEnvelope envelope = CreatedEvent("u1", "ada");
  ASSERT_TRUE(Record(envelope).ok());
  ASSERT_TRUE(Record(envelope).ok());  // delivered again
  const auto page = Await(rpc_.QueryAudit(call_, {}));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries_size(), 1);
  const ::admin::v1::AuditEntry& entry = page->entries(0);
  EXPECT_EQ(entry.id(), 1);
  EXPECT_EQ(entry.event_id(), envelope.id);
  EXPECT_EQ(entry.actor(), "ada");
  EXPECT_EQ(entry.subject(), "u1");
  EXPECT_EQ(entry.previous_hash(), std::string(64, '0'));
  EXPECT_EQ(entry.hash().size(), 64u);
  ::users::v1::UserCreated payload;
  EXPECT_TRUE(entry.payload().UnpackTo(&payload));
  const auto head = Await(rpc_.GetAuditHead(call_, {}));
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->id(), 1);
  EXPECT_EQ(head->entries(), 1);
  EXPECT_EQ(head->hash(), entry.hash());
}

TEST_F(TrailTest, IsAskedByWhoWhatWhenAndTrace) {
  RecordSubjects("abc");
  const EventEnvelope special = CreatedEvent("d", "ada");
  ASSERT_TRUE(Record(special).ok());
  const auto ask = [this](const auto& fill) {
    ::admin::v1::QueryAuditRequest request;
    fill(request);
    return Query(std::move(request));
  };
  EXPECT_THAT(ask([](auto&) {}), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(ask([](auto& r) { r.set_actor("ada"); }), ElementsAre("d"));
  EXPECT_THAT(ask([](auto& r) { r.set_subject("b"); }), ElementsAre("b"));
  EXPECT_THAT(
      ask([&](auto& r) { r.set_trace_id(special.trace.trace_id_hex()); }),
      ElementsAre("d"));
  EXPECT_THAT(
      ask([](auto& r) { r.set_event_type("users.v1.UserEvents.Deleted"); }),
      IsEmpty());
  EXPECT_THAT(ask([&](auto& r) {
                r.set_actor("root");
                const int64_t now = absl::ToUnixSeconds(clock_.Now());
                r.mutable_start_time()->set_seconds(now - 1);
                r.mutable_end_time()->set_seconds(now);
              }),
              ElementsAre("b"));
}

TEST_F(TrailTest, PagesHaveEverybodyOnceWhateverComesMeanwhile) {
  RecordSubjects("abcdef");
  ::admin::v1::QueryAuditRequest request;
  request.set_page_size(4);
  const auto first = Await(rpc_.QueryAudit(call_, request));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->entries_size(), 4);
  RecordSubjects("xy");
  request.set_page_token(first->next_page_token());
  EXPECT_THAT(Query(request), ElementsAre("b", "a"));
  request.set_page_token("zzz");
  EXPECT_EQ(Await(rpc_.QueryAudit(call_, request)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TrailTest, EventsThatComeTogetherAreChainedOneAfterTheOther) {
  std::vector<EventEnvelope> envelopes;
  for (int i = 0; i < 200; ++i) {
    envelopes.push_back(CreatedEvent(StrCat("u", i)));
  }
  std::vector<Promise<void>> delivered;
  for (const EventEnvelope& envelope : envelopes) {
    delivered.push_back(audit_.Deliver(envelope));
  }
  const absl::Status status = Await(All(std::move(delivered)));
  ASSERT_TRUE(status.ok()) << status;
  const Verified verified = Verify();
  EXPECT_TRUE(verified.complete);
  EXPECT_EQ(verified.first_break, std::nullopt);
  EXPECT_EQ(verified.last.entries, 200);
  EXPECT_EQ(verified.last.id, 200);
}

TEST_F(TrailTest, IsVerifiedInPieces) {
  RecordSubjects("abcdefg");
  VerifyRange range;
  range.max_entries = 3;
  int64_t entries = 0;
  int calls = 0;
  Verified verified;
  do {
    verified = Verify(range);
    ASSERT_EQ(verified.first_break, std::nullopt);
    entries += verified.last.entries;
    range.start = verified.last.id + 1;
    ++calls;
  } while (!verified.complete);
  EXPECT_EQ(entries, 7);
  EXPECT_EQ(calls, 3);
  range = {};
  range.start = 3;
  range.end = 5;
  verified = Verify(range);
  EXPECT_TRUE(verified.complete);
  EXPECT_EQ(verified.last.entries, 3);
  EXPECT_EQ(verified.last.id, 5);
}

TEST_F(TrailTest, AnEmptyTrailIsUnbroken) {
  const Verified verified = Verify();
  EXPECT_TRUE(verified.complete);
  EXPECT_EQ(verified.first_break, std::nullopt);
  EXPECT_EQ(verified.last.hash, NoHash());
}

TEST_F(TrailTest, TheDatabaseRefusesToChangeIt) {
  RecordSubjects("abc");
  for (const char* sql :
       {"UPDATE audit SET actor = 'somebody else' WHERE id = 2",
        "DELETE FROM audit WHERE id = 3", "DELETE FROM audit"}) {
    const auto done = Await(
        database_->Transact([sql](store::Tx& tx) { return tx.Execute(sql); }));
    EXPECT_EQ(done.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(MessageOf(done.status())),
                HasSubstr("audit is append-only"))
        << sql;
  }
  const bool postgres = database_->dialect() == store::Dialect::kPostgres;
  const std::string replace =
      postgres ? "TRUNCATE audit"
               : "INSERT OR REPLACE INTO audit SELECT 3, event_id, event_type, "
                 "source, subject, 'x', occur_time, record_time, trace_id, "
                 "payload_type, payload, previous_hash, hash FROM audit WHERE "
                 "id = 3";
  const auto replaced = Await(database_->Transact(
      [&replace](store::Tx& tx) { return tx.Execute(replace); }));
  EXPECT_THAT(std::string(MessageOf(replaced.status())),
              HasSubstr("audit is append-only"));
  EXPECT_EQ(Verify().last.entries, 3);
}

// What the trail was before it was a chain.
class OldTrailTest : public AdminTest {
 protected:
  OldTrailTest() : AdminTest(MigrationsUpTo(1)) {}
};

TEST_F(OldTrailTest, IsChainedAsItWasFound) {
  constexpr int kRows = 1203;  // more than one transaction takes
  const auto filled = Await(database_->Transact([](store::Tx& tx) {
    for (int i = 1; i <= kRows; ++i) {
      tx.Execute(
          "INSERT INTO audit (id, event_id, event_type, source, subject, "
          "occur_time, record_time, trace_id, payload_type, payload) VALUES "
          "(:id, :event_id, 'T', '/users', :subject, :time, :time, '', '', "
          ":payload)",
          {{"id", 2 * i},  // with gaps
           {"event_id", StrCat("e", i)},
           {"subject", StrCat("u", i)},
           {"time", int64_t{1'700'000'000'000'000} + i},
           {"payload", store::Bytes{"\x01"}}});
    }
  }));
  ASSERT_TRUE(filled.ok()) << filled;
  ASSERT_TRUE(Await(database_->Migrate("admin", AdminMigrations())).ok());
  const absl::Status adopted = Await(AdoptUnchained(*database_));
  ASSERT_TRUE(adopted.ok()) << adopted;
  ASSERT_TRUE(Await(AdoptUnchained(*database_)).ok());  // again: nothing to do
  ASSERT_TRUE(Record(CreatedEvent("new")).ok());
  const Verified verified = Verify();
  EXPECT_EQ(verified.first_break, std::nullopt);
  EXPECT_EQ(verified.last.entries, kRows + 1);
  EXPECT_EQ(verified.last.id, 2 * kRows + 1);
  ::admin::v1::QueryAuditRequest request;
  request.set_subject("u7");
  const auto page = Await(rpc_.QueryAudit(call_, request));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries_size(), 1);
  EXPECT_EQ(page->entries(0).id(), 14);
}

}  // namespace
}  // namespace millrace::admin
