#include "base/backoff.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr double kAlmostOne = 0.999999;

TEST(BackoffTest, GrowsFromTheFirstPauseToTheLongest) {
  const BackoffPolicy policy{absl::Milliseconds(100), absl::Seconds(1), 2};
  const auto whole = [&](int failures) {
    return absl::ToInt64Milliseconds(absl::Ceil(
        BackoffAfter(failures, policy, kAlmostOne), absl::Milliseconds(1)));
  };
  EXPECT_EQ(whole(1), 100);
  EXPECT_EQ(whole(2), 200);
  EXPECT_EQ(whole(4), 800);
  EXPECT_EQ(whole(5), 1000);
  EXPECT_EQ(whole(1'000'000), 1000);
}

TEST(BackoffTest, JitterIsWithinTheUpperHalf) {
  const BackoffPolicy policy{absl::Milliseconds(100), absl::Seconds(1), 2};
  EXPECT_EQ(BackoffAfter(1, policy, 0), absl::Milliseconds(50));
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration pause = BackoffAfter(2, policy);
    EXPECT_GE(pause, absl::Milliseconds(100));
    EXPECT_LE(pause, absl::Milliseconds(200));
  }
}

TEST(BackoffTest, AMultiplierBelowOneDoesNotShrinkIt) {
  const BackoffPolicy policy{absl::Milliseconds(100), absl::Seconds(1), 0.5};
  EXPECT_EQ(BackoffAfter(5, policy, 0), absl::Milliseconds(50));
}

}  // namespace
}  // namespace millrace
