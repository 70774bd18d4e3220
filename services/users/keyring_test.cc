#include "services/users/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/users/sessions_suite.h"

namespace millrace::users {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

KeyringOptions Sealed(std::string secret) {
  KeyringOptions options;
  options.secret = std::move(secret);
  return options;
}

TEST_P(SessionsSuite, KeysAreSharedThroughTheDatabase) {
  Keyring other(*database_, clock_, logger_, {});
  EXPECT_EQ(other.Current().status().code(), absl::StatusCode::kUnavailable);
  ASSERT_EQ(Await(other.Load()), absl::OkStatus());
  EXPECT_EQ(other.Current()->id(), keyring_.Current()->id());
  EXPECT_TRUE(keyring_.Current()->Verify("x", *other.Current()->Sign("x")));
}

TEST_P(SessionsSuite, KeysRotate) {
  const std::string first = keyring_.Current()->id();
  const tokens::RotationOptions options;
  clock_.Advance(options.period - options.publish_ahead);
  ASSERT_EQ(Await(keyring_.Load()), absl::OkStatus());
  EXPECT_THAT(keyring_.Published().keys(), SizeIs(2));
  EXPECT_EQ(keyring_.Current()->id(), first);
  // Another process, which was away meanwhile, finds it.
  Keyring other(*database_, clock_, logger_, {});
  ASSERT_EQ(Await(other.Load()), absl::OkStatus());
  EXPECT_THAT(other.Published().keys(), SizeIs(2));
  clock_.Advance(options.publish_ahead);
  EXPECT_NE(keyring_.Current()->id(), first);
  EXPECT_EQ(keyring_.Current()->id(), other.Current()->id());
  EXPECT_NE(keyring_.Published().Find(first), nullptr);
  clock_.Advance(options.token_life);
  EXPECT_EQ(keyring_.Published().Find(first), nullptr);
  ASSERT_EQ(Await(keyring_.Load()), absl::OkStatus());
  const auto rows = Await(database_->Read([](store::Tx& tx) {
    return tx.QueryOne("SELECT count(*) AS n FROM signing_keys")->Int("n");
  }));
  EXPECT_EQ(*rows, 1);
}

TEST_P(SessionsSuite, KeysAreSealed) {
  const auto clear = Await(database_->Transact(
      [](store::Tx& tx) { return tx.Execute("DELETE FROM signing_keys"); }));
  ASSERT_TRUE(clear.ok()) << clear.status();
  Keyring sealed(*database_, clock_, logger_, Sealed("secret"));
  ASSERT_EQ(Await(sealed.Load()), absl::OkStatus());
  const auto kept = Await(database_->Read([](store::Tx& tx) {
    return tx.QueryOne("SELECT private_key FROM signing_keys")
        ->Text("private_key");
  }));
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_THAT(*kept, StartsWith("sealed:"));
  Keyring again(*database_, clock_, logger_, Sealed("secret"));
  ASSERT_EQ(Await(again.Load()), absl::OkStatus());
  EXPECT_EQ(again.Current()->id(), sealed.Current()->id());
  for (const char* secret : {"", "another"}) {
    Keyring wrong(*database_, clock_, logger_, Sealed(secret));
    const absl::Status status = Await(wrong.Load());
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(MessageOf(status), HasSubstr("set identity.key_secret"));
  }
}

}  // namespace
}  // namespace millrace::users
