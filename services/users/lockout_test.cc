#include "services/users/lockout.h"

#include <gtest/gtest.h>

namespace millrace::users {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const LockoutOptions kOptions;

absl::Duration PauseAfter(int64_t count) {
  return PauseBefore({count, kNow}, kNow, kOptions);
}

TEST(Lockout, PausesGrowToABound) {
  EXPECT_EQ(PauseAfter(0), absl::ZeroDuration());
  EXPECT_EQ(PauseAfter(4), absl::ZeroDuration());
  EXPECT_EQ(PauseAfter(5), absl::Seconds(1));
  EXPECT_EQ(PauseAfter(6), absl::Seconds(2));
  EXPECT_EQ(PauseAfter(10), absl::Seconds(32));
  EXPECT_EQ(PauseAfter(14), absl::Minutes(5));
  EXPECT_EQ(PauseAfter(1'000'000), absl::Minutes(5));
}

TEST(Lockout, PausesPass) {
  const Failures failures{6, kNow};
  EXPECT_EQ(PauseBefore(failures, kNow + absl::Seconds(1), kOptions),
            absl::Seconds(1));
  EXPECT_EQ(PauseBefore(failures, kNow + absl::Seconds(2), kOptions),
            absl::ZeroDuration());
}

TEST(Lockout, AnAttemptIsGivenBackAndNoOther) {
  const Failures before{5, kNow};
  const Failures counted = OneMore(before, kNow + absl::Seconds(1), kOptions);
  EXPECT_EQ(GiveBack(counted, counted, before), before);
  // Another has been counted since.
  const Failures more = OneMore(counted, kNow + absl::Seconds(3), kOptions);
  EXPECT_EQ(GiveBack(more, counted, before), (Failures{6, more.last}));
  // All were forgotten.
  EXPECT_EQ(GiveBack({}, counted, before).count, 0);
}

TEST(Lockout, FailuresAreForgotten) {
  Failures failures;
  for (int i = 0; i < 20; ++i) failures = OneMore(failures, kNow, kOptions);
  EXPECT_EQ(failures.count, 20);
  const absl::Time later = kNow + absl::Hours(1);
  EXPECT_EQ(OneMore(failures, later, kOptions).count, 1);
  EXPECT_EQ(PauseBefore(failures, later, kOptions), absl::ZeroDuration());
}

TEST(Lockout, ABucketIsAnAccountSeenFromAPlace) {
  const std::string bucket = BucketOf("a@b.org", "10.0.0.1");
  EXPECT_EQ(BucketOf("a@b.org", "10.0.0.1"), bucket);
  EXPECT_NE(BucketOf("a@b.org", "10.0.0.2"), bucket);
  EXPECT_NE(BucketOf("b@b.org", "10.0.0.1"), bucket);
  EXPECT_NE(BucketOf("a@b.org", "2001:db8::/64"), bucket);
  EXPECT_NE(BucketOf("a@b.org", "2001:db8::/64"),
            BucketOf("a@b.org", "2001:db8:0:1::/64"));
  EXPECT_EQ(BucketOf("a@b.org", ""), BucketOf("a@b.org", ""));
  EXPECT_NE(BucketOf("a@b.org", ""), bucket);
  EXPECT_EQ(bucket.find("a@b.org"), bucket.npos);
}

}  // namespace
}  // namespace millrace::users
