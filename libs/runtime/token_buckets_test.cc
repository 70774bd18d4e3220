#include "runtime/token_buckets.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

constexpr TokenRate kTen = {.tokens = 10, .period = absl::Seconds(1)};

class TokenBucketsTest : public testing::Test {
 protected:
  bool Take(const std::string& key, const TokenRate& rate = kTen) {
    return buckets_.Take(rate, key, now_).wait == absl::ZeroDuration();
  }
  // How many of `tries` are let in.
  int TakeMany(const std::string& key, int tries,
               const TokenRate& rate = kTen) {
    int taken = 0;
    for (int i = 0; i < tries; ++i) taken += Take(key, rate);
    return taken;
  }

  absl::Duration now_ = absl::Hours(1);
  TokenBuckets buckets_{1};
};

TEST_F(TokenBucketsTest, HoldsItsBurstAndFillsWithTime) {
  EXPECT_EQ(TakeMany("ada", 100), 10);
  EXPECT_EQ(buckets_.Take(kTen, "ada", now_).wait, absl::Milliseconds(100));
  now_ += absl::Milliseconds(99);
  EXPECT_EQ(buckets_.Take(kTen, "ada", now_).wait, absl::Milliseconds(1));
  now_ += absl::Milliseconds(1);
  EXPECT_EQ(TakeMany("ada", 100), 1);
  now_ += absl::Milliseconds(350);
  EXPECT_EQ(TakeMany("ada", 100), 3);
  now_ += absl::Hours(5);
  EXPECT_EQ(TakeMany("ada", 100), 10);
}

TEST_F(TokenBucketsTest, KeysDoNotMeet) {
  EXPECT_EQ(TakeMany("ada", 100), 10);
  EXPECT_EQ(TakeMany("bob", 100), 10);
}

TEST_F(TokenBucketsTest, BurstIsApartFromTheRate) {
  const TokenRate rate = {.tokens = 2, .period = absl::Minutes(1), .burst = 5};
  EXPECT_EQ(TakeMany("ada", 100, rate), 5);
  now_ += absl::Minutes(1);
  EXPECT_EQ(TakeMany("ada", 100, rate), 2);
}

TEST_F(TokenBucketsTest, ChangedRateKeepsWhatIsMissing) {
  const TokenRate slow = {.tokens = 1, .period = absl::Hours(24)};
  EXPECT_EQ(TakeMany("ada", 100, slow), 1);
  // Empty by the new rate as well, not for a day.
  EXPECT_EQ(buckets_.Take(kTen, "ada", now_).wait, absl::Milliseconds(100));
  now_ += absl::Milliseconds(1);
  EXPECT_GT(buckets_.Take(slow, "ada", now_).wait, absl::Hours(23));
}

TEST_F(TokenBucketsTest, LargestRatesStayWithinTheirNumbers) {
  const TokenRate huge = {.tokens = 1'000'000'000,
                          .period = absl::Nanoseconds(1),
                          .burst = 2'000'000'000};
  EXPECT_TRUE(Take("ada", huge));
  const TokenRate slow = {
      .tokens = 1, .period = absl::Hours(24), .burst = 2'000'000'000};
  EXPECT_EQ(TakeMany("bob", 1000, slow), 1000);
}

// Whoever can make a bucket be forgotten calls as often as they like.
TEST_F(TokenBucketsTest, FloodOfKeysResetsNoBucketThatIsInUse) {
  ASSERT_EQ(buckets_.buckets(), 512u);
  EXPECT_EQ(TakeMany("ada", 100), 10);
  for (int i = 0; i < 100'000; ++i) Take(StrCat("flood ", i));
  EXPECT_EQ(TakeMany("ada", 100), 0);
  now_ += absl::Milliseconds(100);
  for (int i = 0; i < 100'000; ++i) Take(StrCat("flood ", i));
  EXPECT_LE(TakeMany("ada", 100), 1);
}

TEST_F(TokenBucketsTest, FloodOfKeysTakesNoMoreThanTheTableHolds) {
  int taken = 0;
  for (int i = 0; i < 50'000; ++i) taken += Take(StrCat("flood ", i));
  EXPECT_LE(taken, 512 * 10);
  EXPECT_GE(taken, 512 * 9);
  // Nor by the same keys again and again.
  for (int i = 0; i < 50'000; ++i) taken += Take(StrCat("flood ", i % 2000));
  EXPECT_LE(taken, 512 * 10);
}

TEST_F(TokenBucketsTest, SharingIsToldAndEndsWithTheFlood) {
  for (int i = 0; i < 10'000; ++i) Take(StrCat("flood ", i));
  EXPECT_TRUE(buckets_.Take(kTen, "ada", now_).shared);
  now_ += absl::Seconds(1);
  const TokenBuckets::Taken taken = buckets_.Take(kTen, "ada", now_);
  EXPECT_FALSE(taken.shared);
  EXPECT_EQ(taken.wait, absl::ZeroDuration());
  EXPECT_EQ(TakeMany("ada", 100), 9);
}

TEST_F(TokenBucketsTest, ThreadsTakeFromOneBucket) {
  const TokenRate rate = {.tokens = 1000, .period = absl::Hours(1)};
  std::array<int, 4> taken{};
  std::vector<std::thread> threads;
  for (int& count : taken) {
    threads.emplace_back(
        [this, &rate, &count] { count = TakeMany("ada", 1000, rate); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], 1000);
}

}  // namespace
}  // namespace millrace::runtime
