// What somebody could do who may change tables and drop triggers, and what
// verification says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "services/admin/store.h"
#include "services/admin/testing/admin_test.h"

namespace millrace::admin {
namespace {

using ::testing::HasSubstr;

class TamperTest : public AdminTest {
 protected:
  void SetUp() override {
    AdminTest::SetUp();
    if (IsSkipped()) return;
    for (int i = 1; i <= 6; ++i) {
      ASSERT_TRUE(Record(CreatedEvent(StrCat("u", i), "root")).ok());
    }
    head_ = Verify().last;
    ASSERT_EQ(head_.entries, 6);
    DropTriggers();
  }

  void ExpectBreak(int64_t id, ChainBreak::Kind kind, const std::string& text,
                   VerifyRange range = {}) {
    const Verified verified = Verify(std::move(range));
    EXPECT_FALSE(verified.complete);
    ASSERT_TRUE(verified.first_break);
    EXPECT_EQ(verified.first_break->id, id) << verified.first_break->reason;
    EXPECT_EQ(verified.first_break->kind, kind);
    EXPECT_THAT(verified.first_break->reason, HasSubstr(text));
  }

  VerifyRange WithKept() const {
    VerifyRange range;
    range.kept = head_;
    return range;
  }

  // Computes the chain anew from entry `id` on, as who knows how could.
  void ChainAnew(int64_t id) {
    const auto done = Await(database_->Transact([id](store::Tx& tx) {
      AuditHead head = HeadBefore(tx, id);
      const AuditHead last = ReadHead(tx);
      for (AuditRecord& record : Range(tx, id, last.id, 100)) {
        Chain(record, head);
        tx.Execute(
            "UPDATE audit SET previous_hash = :previous, hash = :hash WHERE id "
            "= :id",
            {{"previous", store::Bytes{record.previous_hash}},
             {"hash", store::Bytes{record.hash}},
             {"id", record.id}});
      }
      tx.Execute("UPDATE audit_head SET id = :id, hash = :hash",
                 {{"id", head.id}, {"hash", store::Bytes{head.hash}}});
    }));
    ASSERT_TRUE(done.ok()) << done;
  }

  AuditHead head_;
};

TEST_F(TamperTest, AChangedPayload) {
  Tamper(
      "UPDATE audit SET payload = (SELECT payload FROM audit WHERE id = 1) "
      "WHERE id = 3");
  ExpectBreak(3, ChainBreak::kChanged, "entry 3 was changed");
}

TEST_F(TamperTest, AChangedActor) {
  Tamper("UPDATE audit SET actor = 'mallory' WHERE id = 6");
  ExpectBreak(6, ChainBreak::kChanged, "entry 6 was changed");
}

TEST_F(TamperTest, ADeletedRow) {
  Tamper("DELETE FROM audit WHERE id = 4");
  ExpectBreak(5, ChainBreak::kUnlinked, "entry 5 does not follow entry 3");
}

TEST_F(TamperTest, TheFirstRowDeleted) {
  Tamper("DELETE FROM audit WHERE id = 1");
  ExpectBreak(2, ChainBreak::kUnlinked,
              "entry 2 does not follow the beginning of the trail");
}

TEST_F(TamperTest, SwappedRows) {
  Tamper("UPDATE audit SET id = 1000 WHERE id = 2");
  Tamper("UPDATE audit SET id = 2 WHERE id = 5");
  Tamper("UPDATE audit SET id = 5 WHERE id = 1000");
  ExpectBreak(2, ChainBreak::kUnlinked, "entry 2 does not follow entry 1");
}

TEST_F(TamperTest, ACutEnd) {
  Tamper("DELETE FROM audit WHERE id > 4");
  ExpectBreak(5, ChainBreak::kTruncated, "the trail ends with entry 4");
}

TEST_F(TamperTest, ACutEndWithItsHead) {
  Tamper("DELETE FROM audit WHERE id > 4");
  Tamper(
      "UPDATE audit_head SET id = 4, entries = 4, hash = (SELECT hash FROM "
      "audit WHERE id = 4)");
  EXPECT_TRUE(Verify().complete);  // only who kept a head can tell
  ExpectBreak(6, ChainBreak::kNotKept, "the head that was kept is 6",
              WithKept());
}

TEST_F(TamperTest, AHeadThatWasSetBack) {
  Tamper(
      "UPDATE audit_head SET id = 4, hash = (SELECT hash FROM audit WHERE "
      "id = 4)");
  ExpectBreak(5, ChainBreak::kUnlinked, "entry 5 is behind the head");
}

TEST_F(TamperTest, AChainComputedAnew) {
  Tamper("UPDATE audit SET actor = 'mallory' WHERE id = 2");
  ChainAnew(2);
  EXPECT_TRUE(Verify().complete);  // only who kept a head can tell
  ExpectBreak(6, ChainBreak::kNotKept, "the trail was written anew",
              WithKept());
}

TEST_F(TamperTest, AHeadThatWasKeptHoldsAsTheTrailGrows) {
  ASSERT_TRUE(Record(CreatedEvent("later")).ok());
  const Verified verified = Verify(WithKept());
  EXPECT_TRUE(verified.complete);
  EXPECT_EQ(verified.last.entries, 7);
}

TEST_F(TamperTest, TheAnswerNamesTheFirstBreak) {
  Tamper("UPDATE audit SET actor = 'mallory' WHERE id = 3");
  ::admin::v1::VerifyAuditRequest request;
  const auto response = Await(rpc_.VerifyAudit(call_, request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->entries(), 2);
  EXPECT_EQ(response->last_id(), 2);
  EXPECT_FALSE(response->complete());
  EXPECT_EQ(response->first_break().entry_id(), 3);
  EXPECT_EQ(response->first_break().kind(),
            ::admin::v1::AuditBreak::KIND_CHANGED);
  request.mutable_kept()->set_id(3);
  request.mutable_kept()->set_hash("no hash");
  EXPECT_EQ(Await(rpc_.VerifyAudit(call_, request)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace::admin
