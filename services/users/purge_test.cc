#include "services/users/purge.h"

#include "services/users/sessions_store.h"
#include "services/users/users_suite.h"

namespace millrace::users {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class CountRows {
 public:
  explicit CountRows(const char* table)
      : sql_(StrCat("SELECT count(*) AS n FROM ", table)) {}
  int64_t operator()(store::Tx& tx) const {
    return tx.QueryOne(sql_)->Int("n");
  }

 private:
  std::string sql_;
};

TEST_P(UsersSuite, PurgesWhoseTimeHasCome) {
  const std::string ada = Create("ada@example.org")->id();
  const std::string bob = Create("bob@example.org")->id();
  ASSERT_TRUE(Create("eve@example.org").ok());
  ASSERT_TRUE(Delete(ada).ok());
  clock_.Advance(absl::Hours(24));
  ASSERT_TRUE(Delete(bob).ok());
  Purger purger(*database_, outbox_, clock_, logger_);

  clock_.Advance(absl::Hours(24) - absl::Microseconds(1));
  EXPECT_EQ(*Await(purger.PurgeDue()), 0);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(*Await(purger.PurgeDue()), 1);
  EXPECT_EQ(*Await(purger.PurgeDue()), 0);
  EXPECT_EQ(*Await(database_->Read(CountRows("people"))), 2);
  EXPECT_THAT(Emitted(), ElementsAre("Created", "Created", "Created", "Deleted",
                                     "Deleted", "Purged"));
}

TEST_P(UsersSuite, WhoWasUndeletedIsNotPurged) {
  const std::string id = Create("ada@example.org")->id();
  ASSERT_TRUE(Delete(id).ok());
  ::users::v1::UndeleteUserRequest request;
  request.set_id(id);
  ASSERT_TRUE(Await(rpc_.UndeleteUser(call_, request)).ok());
  clock_.Advance(absl::Hours(1000));
  Purger purger(*database_, outbox_, clock_, logger_);
  EXPECT_EQ(*Await(purger.PurgeDue()), 0);
}

TEST_P(UsersSuite, SeveralPurgersPurgeEachOnce) {
  constexpr int kPeople = 20;
  for (int i = 0; i < kPeople; ++i) {
    ASSERT_TRUE(Delete(Create(StrCat("u", i, "@example.org"))->id()).ok());
  }
  clock_.Advance(absl::Hours(48));
  const PurgeOptions options = {.batch = 3};
  Purger one(*database_, outbox_, clock_, logger_, options);
  Purger other(*database_, outbox_, clock_, logger_, options);
  std::vector<Promise<int64_t>> both;
  both.push_back(one.PurgeDue());
  both.push_back(other.PurgeDue());
  const auto purged = Await(All(std::move(both)));
  ASSERT_TRUE(purged.ok()) << purged.status();
  EXPECT_EQ(purged->at(0) + purged->at(1), kPeople);
  EXPECT_THAT(Emitted(), SizeIs(3 * kPeople));
}

TEST_P(UsersSuite, APurgerThatWasStoppedBeginsNothing) {
  ASSERT_TRUE(Delete(Create("ada@example.org")->id()).ok());
  clock_.Advance(absl::Hours(48));
  Purger purger(*database_, outbox_, clock_, logger_);
  ASSERT_TRUE(Await(purger.Stop()).ok());
  EXPECT_EQ(*Await(purger.PurgeDue()), 0);
}

TEST_P(UsersSuite, AStartedPurgerPurgesAtOnce) {
  ASSERT_TRUE(Delete(Create("ada@example.org")->id()).ok());
  clock_.Advance(absl::Hours(48));
  Purger purger(*database_, outbox_, clock_, logger_);
  purger.Start(loop_);
  ASSERT_TRUE(Await(purger.Stop()).ok());
  EXPECT_EQ(Emitted().back(), "Purged");
}

TEST_P(UsersSuite, FailuresStayAsLongAsTheLockoutRemembersThem) {
  const absl::Time last = clock_.Now();
  const auto save = [last](store::Tx& tx) {
    SaveFailures(tx, "bucket", {6, last});
  };
  ASSERT_TRUE(Await(database_->Transact(save)).ok());
  const PurgeOptions options = {.memory = absl::Hours(24)};
  const auto purge = [&] {
    Purger purger(*database_, outbox_, clock_, logger_, options);
    purger.Start(loop_);
    ASSERT_TRUE(Await(purger.Stop()).ok());
  };
  clock_.Advance(absl::Hours(2));
  purge();
  EXPECT_EQ(*Await(database_->Read(CountRows("login_failures"))), 1);
  clock_.Advance(absl::Hours(23));
  purge();
  EXPECT_EQ(*Await(database_->Read(CountRows("login_failures"))), 0);
}

}  // namespace
}  // namespace millrace::users
