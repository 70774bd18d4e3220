#include "contract/retry.h"

#include <gtest/gtest.h>

#include "contract/errors.h"

namespace millrace {
namespace {

TEST(RetryTest, AdviceTravelsWithTheStatus) {
  const absl::Status refused = RetryAfter(
      absl::ResourceExhaustedError("too many"), absl::Microseconds(1'250'001));
  EXPECT_EQ(RetryDelay(refused), absl::Milliseconds(1251));
  EXPECT_EQ(RetryDelay(StatusFromBytes(StatusToBytes(refused))),
            absl::Milliseconds(1251));
  EXPECT_EQ(refused.message(), "too many");
}

TEST(RetryTest, WithoutAdviceThereIsNone) {
  EXPECT_EQ(RetryDelay(absl::ResourceExhaustedError("too many")), std::nullopt);
  EXPECT_EQ(RetryDelay(absl::OkStatus()), std::nullopt);
  EXPECT_TRUE(RetryAfter(absl::OkStatus(), absl::Seconds(1)).ok());
}

TEST(RetryTest, SecondsAreRoundedUp) {
  EXPECT_EQ(WholeSeconds(absl::ZeroDuration()), 0);
  EXPECT_EQ(WholeSeconds(absl::Nanoseconds(1)), 1);
  EXPECT_EQ(WholeSeconds(absl::Seconds(2)), 2);
}

}  // namespace
}  // namespace millrace
