// A trail from before personal fields were sealed.
#include "services/admin/seal_older.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "services/admin/sealing.h"
#include "services/admin/store.h"
#include "services/admin/testing/admin_test.h"

namespace millrace::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::users::v1::UserEvents;

class SealOlderTest : public AdminTest {
 protected:
  SealOlderTest() : AdminTest(MigrationsUpTo(3)) {}

  // As a program of before recorded it, or does beside this one.
  void RecordOpen(EventEnvelope envelope) {
    const auto record = ToRecord(AllContracts(), envelope, clock_.Now());
    ASSERT_TRUE(record.ok()) << record.status();
    const auto done = Await(database_->Transact([&](store::Tx& tx) {
      LockTrail(tx);
      Append(tx, *record);
    }));
    ASSERT_TRUE(done.ok()) << done;
  }

  EventEnvelope Created(const std::string& subject, const std::string& email) {
    ::users::v1::UserCreated payload;
    payload.set_email(email);
    return UserEvent<UserEvents::Created>(subject, payload);
  }
  EventEnvelope Purged(const std::string& subject) {
    return UserEvent<UserEvents::Purged>(subject, {});
  }

  // Brings the schema up to date and seals, as a start of the service does.
  void Update() {
    ASSERT_TRUE(Await(database_->Migrate("admin", AdminMigrations())).ok());
    const absl::Status sealed = Await(SealOlder(*database_, clock_, logger_));
    ASSERT_TRUE(sealed.ok()) << sealed;
  }

  std::string Payloads() {
    return *Await(database_->Read([](store::Tx& tx) {
      std::string all;
      for (const AuditRecord& record : Range(tx, 1, 10'000, 10'000)) {
        all += record.payload;
      }
      return all;
    }));
  }

  std::string Answered(const std::string& subject) {
    ::admin::v1::QueryAuditRequest request;
    request.set_subject(subject);
    return Await(rpc_.QueryAudit(call_, request))->SerializeAsString();
  }
};

TEST_F(SealOlderTest, OlderEntriesAreSealedAndTheChainHolds) {
  constexpr int kEntries = 1203;  // more than one transaction takes
  for (int i = 0; i < kEntries; ++i) {
    RecordOpen(Created(StrCat("u", i), StrCat("u", i, "@example.org")));
  }
  EXPECT_THAT(Payloads(), HasSubstr("@example.org"));
  const AuditHead kept = *Await(database_->Read(&ReadHead));
  Update();
  EXPECT_THAT(Payloads(), Not(HasSubstr("@example.org")));
  EXPECT_THAT(Answered("u7"), HasSubstr("u7@example.org"));

  VerifyRange range;
  range.kept = kept;  // from before
  const Verified verified = Verify(range);
  EXPECT_TRUE(verified.complete);
  EXPECT_EQ(verified.first_break, std::nullopt);
  EXPECT_EQ(verified.last.entries, kEntries + 2);  // and two notes

  // Again there is nothing to do.
  Update();
  EXPECT_EQ(Verify().last.entries, kEntries + 2);
}

TEST_F(SealOlderTest, WhoIsPurgedIsErasedFromOlderEntriesToo) {
  RecordOpen(Created("u1", "one@example.org"));
  RecordOpen(Created("u2", "two@example.org"));
  RecordOpen(Purged("u2"));  // before the update
  Update();
  EXPECT_THAT(Answered("u1"), HasSubstr("one@example.org"));
  EXPECT_THAT(Answered("u2"), Not(HasSubstr("two@example.org")));
  ASSERT_TRUE(Record(Purged("u1")).ok());
  EXPECT_THAT(Answered("u1"), Not(HasSubstr("one@example.org")));
  EXPECT_TRUE(Verify().complete);
}

TEST_F(SealOlderTest, WhatAnOlderProgramAppendsIsSealedAtTheNextStart) {
  Update();
  ASSERT_TRUE(Record(Created("u1", "one@example.org")).ok());
  RecordOpen(Created("u1", "old@example.org"));
  RecordOpen(Purged("u1"));
  Update();
  EXPECT_THAT(Payloads(), Not(HasSubstr("@example.org")));
  EXPECT_THAT(Answered("u1"), Not(HasSubstr("@example.org")));
  EXPECT_TRUE(Verify().complete);
}

TEST_F(SealOlderTest, AnEntryThatWasChangedIsNotMadeToLookRight) {
  RecordOpen(Created("u1", "one@example.org"));
  RecordOpen(Created("u2", "two@example.org"));
  ASSERT_TRUE(Await(database_->Migrate("admin", AdminMigrations())).ok());
  DropTriggers();
  Tamper("UPDATE audit SET actor = 'mallory' WHERE id = 1");
  Update();
  const Verified verified = Verify();
  ASSERT_TRUE(verified.first_break);
  EXPECT_EQ(verified.first_break->id, 1);
  EXPECT_EQ(verified.first_break->kind, ChainBreak::kChanged);
  EXPECT_THAT(Payloads(), Not(HasSubstr("two@example.org")));
}

TEST_F(SealOlderTest, ASealedEntryIsHeldToItsNote) {
  RecordOpen(Created("u1", "one@example.org"));
  RecordOpen(Created("u2", "two@example.org"));
  Update();
  ASSERT_TRUE(Verify().complete);
  DropTriggers();
  Tamper(
      "UPDATE audit SET payload = (SELECT payload FROM audit WHERE id = 2) "
      "WHERE id = 1");
  EXPECT_EQ(Verify().first_break->id, 1);
}

TEST_F(SealOlderTest, TheDatabaseLetsNothingElseBeChanged) {
  RecordOpen(Created("u1", "one@example.org"));
  Update();
  ASSERT_TRUE(Record(Created("u2", "two@example.org")).ok());
  for (const char* sql :
       {"UPDATE audit SET payload = payload WHERE id = 1",
        "UPDATE audit SET actor = 'x' WHERE id = 1",
        "UPDATE audit SET payload_type = 'admin.v1.SealedPayload' WHERE id = 2",
        "DELETE FROM audit WHERE id = 1"}) {
    const auto done = Await(
        database_->Transact([sql](store::Tx& tx) { return tx.Execute(sql); }));
    EXPECT_EQ(done.status().code(), absl::StatusCode::kFailedPrecondition)
        << sql;
  }
}

}  // namespace
}  // namespace millrace::admin
