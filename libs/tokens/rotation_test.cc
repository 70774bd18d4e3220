#include "tokens/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/test_support.h"

namespace millrace::tokens {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const RotationOptions kOptions = {.period = absl::Hours(24),
                                  .publish_ahead = absl::Hours(1),
                                  .token_life = absl::Minutes(20)};

TEST(Rotation, TheFirstKeySignsAtOnce) {
  const SigningKeys none(kOptions, {});
  EXPECT_EQ(none.Current(kNow), nullptr);
  EXPECT_EQ(none.NextSignsFrom(kNow), kNow);
  const Key key = NewKey();
  const SigningKeys one(kOptions, {{key, kNow}});
  ASSERT_NE(one.Current(kNow), nullptr);
  EXPECT_EQ(one.Current(kNow)->id(), key.id());
  EXPECT_EQ(one.Current(kNow - absl::Seconds(1)), nullptr);
  EXPECT_EQ(one.NextSignsFrom(kNow + absl::Hours(22)), std::nullopt);
}

TEST(Rotation, TheNextIsPublishedBeforeItSigns) {
  const Key old = NewKey();
  const Key next = NewKey();
  const absl::Time change = kNow + absl::Hours(24);
  const SigningKeys one(kOptions, {{old, kNow}});
  EXPECT_EQ(one.NextSignsFrom(change - absl::Hours(1)), change);
  const SigningKeys two(kOptions, {{next, change}, {old, kNow}});
  EXPECT_THAT(two.Published(change - absl::Hours(1)).keys(), SizeIs(2));
  EXPECT_EQ(two.Current(change - absl::Seconds(1))->id(), old.id());
  EXPECT_EQ(two.Current(change)->id(), next.id());
  EXPECT_EQ(two.NextSignsFrom(change), std::nullopt);
}

TEST(Rotation, TheOldIsTakenUntilItsTokensHaveExpired) {
  const Key old = NewKey();
  const Key next = NewKey();
  const absl::Time change = kNow + absl::Hours(24);
  const SigningKeys two(kOptions, {{old, kNow}, {next, change}});
  const absl::Time end = change + kOptions.token_life;
  EXPECT_NE(two.Published(end - absl::Seconds(1)).Find(old.id()), nullptr);
  EXPECT_THAT(two.Gone(end - absl::Seconds(1)), IsEmpty());
  EXPECT_EQ(two.Published(end).Find(old.id()), nullptr);
  EXPECT_NE(two.Published(end).Find(next.id()), nullptr);
  EXPECT_THAT(two.Gone(end), ElementsAre(old.id()));
}

TEST(Rotation, AfterALongSleepTheNewKeyIsPublishedAheadAllTheSame) {
  const Key old = NewKey();
  const SigningKeys one(kOptions, {{old, kNow}});
  const absl::Time later = kNow + absl::Hours(1000);
  EXPECT_EQ(one.NextSignsFrom(later), later + absl::Hours(1));
  EXPECT_EQ(one.Current(later)->id(), old.id());
}

TEST(Rotation, OptionsMustLeaveTime) {
  EXPECT_TRUE(RotationOptions().Validate().ok());
  EXPECT_TRUE(kOptions.Validate().ok());
  RotationOptions hasty = kOptions;
  hasty.period = absl::Hours(1);
  EXPECT_EQ(hasty.Validate().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(
      RotationOptions{.publish_ahead = absl::ZeroDuration()}.Validate().ok());
}

}  // namespace
}  // namespace millrace::tokens
