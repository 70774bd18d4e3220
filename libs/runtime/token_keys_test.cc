#include "runtime/token_keys.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock.h"
#include "runtime/test_support.h"
#include "tokens/jwk.h"

namespace millrace::runtime {
namespace {

using tokens::Key;

class RemoteKeysTest : public ::testing::Test {
 protected:
  // Answers the latest fetch.
  void Answer(std::vector<Key> keys) {
    fetches_.back().Resolve(*tokens::ToJwks(keys));
    Turn();
  }
  // What is due on the loop has run.
  void Turn() { EXPECT_TRUE(Settle(loop_, Delay(absl::ZeroDuration())).ok()); }

  bool Waits(std::string_view id = "") { return keys_.Want(id).has_value(); }

  EventLoop loop_;
  FakeClock clock_;
  MemoryLogger logger_;
  std::vector<Deferred<std::string>> fetches_;
  RemoteTokenKeys keys_{clock_,
                        logger_,
                        [this](const std::string&, absl::Duration) {
                          return fetches_.emplace_back().promise();
                        },
                        {.url = "http://id.example/jwks.json"}};
  const Key key_ = *Key::Generate(tokens::Algorithm::kEdDsa);
  const Key next_ = *Key::Generate(tokens::Algorithm::kEdDsa);
};

TEST_F(RemoteKeysTest, TheFirstCallersWaitForOneFetch) {
  EXPECT_EQ(keys_.Keys().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Waits());
  EXPECT_TRUE(Waits(key_.id()));
  EXPECT_EQ(fetches_.size(), 1u);
  Answer({key_});
  ASSERT_TRUE(keys_.Keys().ok());
  EXPECT_NE(keys_.Keys()->Find(key_.id()), nullptr);
  EXPECT_FALSE(Waits());
  EXPECT_FALSE(Waits(key_.id()));
}

TEST_F(RemoteKeysTest, AnUnknownKeyIsFetchedButNotAtWill) {
  EXPECT_TRUE(Waits());
  Answer({key_});
  EXPECT_FALSE(Waits(next_.id()));
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(Waits(next_.id()));
  Answer({key_, next_});
  EXPECT_FALSE(Waits(next_.id()));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Waits("made up"));
  EXPECT_EQ(fetches_.size(), 2u);
}

TEST_F(RemoteKeysTest, AnOldSetIsRefreshedWhileItIsUsed) {
  EXPECT_TRUE(Waits());
  Answer({key_});
  clock_.Advance(absl::Minutes(5));
  EXPECT_FALSE(Waits(key_.id()));
  EXPECT_EQ(fetches_.size(), 2u);
  EXPECT_TRUE(keys_.Keys().ok());
  Answer({next_});
  EXPECT_EQ(keys_.Keys()->Find(key_.id()), nullptr);
  EXPECT_NE(keys_.Keys()->Find(next_.id()), nullptr);
}

TEST_F(RemoteKeysTest, WhatFailsLeavesTheKeysOfBefore) {
  EXPECT_TRUE(Waits());
  Answer({key_});
  clock_.Advance(absl::Minutes(5));
  EXPECT_FALSE(Waits());
  fetches_.back().Reject(absl::UnavailableError("connection refused"));
  Turn();
  EXPECT_NE(keys_.Keys()->Find(key_.id()), nullptr);
  clock_.Advance(absl::Minutes(5));
  EXPECT_FALSE(Waits());
  fetches_.back().Resolve("<html>");
  Turn();
  clock_.Advance(absl::Minutes(5));
  EXPECT_FALSE(Waits());
  Answer({});
  EXPECT_NE(keys_.Keys()->Find(key_.id()), nullptr);
  const auto lines =
      logger_.Saying("the keys of access tokens could not be fetched");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].at("error"), "connection refused");
  EXPECT_EQ(lines[0].at("url"), "http://id.example/jwks.json");
}

TEST_F(RemoteKeysTest, WhileThereAreNoneItIsTriedAgain) {
  EXPECT_TRUE(Waits());
  fetches_.back().Reject(absl::UnavailableError("connection refused"));
  Turn();
  EXPECT_FALSE(Waits());
  EXPECT_EQ(keys_.Keys().status().code(), absl::StatusCode::kUnavailable);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(Waits());
  EXPECT_EQ(fetches_.size(), 2u);
  Answer({key_});
}

}  // namespace
}  // namespace millrace::runtime
