#include "tokens/password.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/testing/await.h"

namespace millrace::tokens {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Password : public ::testing::Test {
 protected:
  template <typename T>
  StatusOrVoid<T> Await(Promise<T> promise) {
    return AwaitOn(loop_, std::move(promise));
  }

  EventLoop loop_;
  PasswordHasher hasher_;
};

TEST_F(Password, IsKnownByItsHash) {
  const auto hash = Await(hasher_.Hash("correct horse"));
  ASSERT_TRUE(hash.ok()) << hash.status();
  EXPECT_THAT(*hash, StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_EQ(hash->find('\0'), hash->npos);
  EXPECT_EQ(*Await(hasher_.Verify("correct horse", *hash)), true);
  EXPECT_EQ(*Await(hasher_.Verify("correct horse ", *hash)), false);
  EXPECT_EQ(*Await(hasher_.Verify("", *hash)), false);
  EXPECT_NE(*Await(hasher_.Hash("correct horse")), *hash);
}

TEST_F(Password, WhatIsNoHashIsNobodys) {
  for (const std::string& hash :
       {std::string(), std::string("$argon2id$v=19$m=19456,t=2,p=1$"),
        std::string(1000, 'x')}) {
    EXPECT_EQ(*Await(hasher_.Verify("password", hash)), false) << hash;
    EXPECT_TRUE(hasher_.NeedsRehash(hash));
  }
}

TEST_F(Password, AHashOfOtherParametersIsToBeRenewed) {
  const std::string hash = *Await(hasher_.Hash("password"));
  EXPECT_FALSE(hasher_.NeedsRehash(hash));
  PasswordHasher costlier({.passes = 3});
  EXPECT_TRUE(costlier.NeedsRehash(hash));
  EXPECT_EQ(*Await(costlier.Verify("password", hash)), true);
}

TEST_F(Password, NobodyKnowsTheUnknownOne) {
  const std::string unknown = *Await(hasher_.Unknown());
  EXPECT_FALSE(hasher_.NeedsRehash(unknown));
  EXPECT_EQ(*Await(hasher_.Unknown()), unknown);
  EXPECT_EQ(*Await(hasher_.Verify("", unknown)), false);
}

TEST_F(Password, AFloodIsRefused) {
  PasswordHasher hasher({.max_parallel = 1, .max_waiting = 2});
  std::vector<Promise<absl::StatusOr<std::string>>> hashes;
  // One may run already and two wait.
  for (int i = 0; i < 8; ++i) {
    hashes.push_back(AsStatusOr(hasher.Hash("password")));
  }
  int refused = 0;
  for (auto& promise : hashes) {
    const auto hash = *Await(std::move(promise));
    if (hash.ok()) continue;
    EXPECT_EQ(hash.status().code(), absl::StatusCode::kResourceExhausted);
    ++refused;
  }
  EXPECT_GE(refused, 5);
  EXPECT_LE(refused, 6);
}

TEST_F(Password, ParametersAreChecked) {
  EXPECT_THROW(PasswordHasher({.passes = 0}), StatusError);
  EXPECT_THAT(MessageOf(PasswordOptions{.memory_bytes = 1024}.Validate()),
              HasSubstr("not 1024"));
  EXPECT_FALSE(PasswordOptions{.max_parallel = 0}.Validate().ok());
}

}  // namespace
}  // namespace millrace::tokens
