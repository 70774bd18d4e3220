#include "services/users/sessions.h"

#include <gtest/gtest.h>

namespace millrace::users {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const SessionOptions kOptions;

TEST(Sessions, ATokenIsReadAsItWasWritten) {
  const RefreshToken token = NewRefreshToken();
  const auto read = ParseRefreshToken(token.ToText());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->family, token.family);
  EXPECT_EQ(read->turn, token.turn);
  for (const char* text : {"", ".", "a", "a.", ".b"}) {
    EXPECT_FALSE(ParseRefreshToken(text)) << text;
  }
}

TEST(Sessions, KeepDigestsAlone) {
  const RefreshToken token = NewRefreshToken();
  const Session session = NewSession("s", "u", token, kNow, kOptions);
  EXPECT_NE(session.family, token.family);
  EXPECT_NE(session.current, token.turn);
  EXPECT_EQ(session.expire_time, kNow + absl::Hours(720));
}

TEST(Sessions, ATokenIsGoodOnce) {
  const RefreshToken first = NewRefreshToken();
  const RefreshToken second = NextTurn(first);
  EXPECT_EQ(second.family, first.family);
  Session session = NewSession("s", "u", first, kNow, kOptions);
  const absl::Time later = kNow + absl::Hours(700);
  EXPECT_EQ(Refresh(first, second, later, kOptions, session),
            RefreshOutcome::kGood);
  EXPECT_EQ(session.expire_time, later + absl::Hours(720));
  const Session before = session;
  EXPECT_EQ(Refresh(first, NextTurn(first), later, kOptions, session),
            RefreshOutcome::kReused);
  EXPECT_EQ(session.current, before.current);
  EXPECT_EQ(Refresh(second, NextTurn(first), later, kOptions, session),
            RefreshOutcome::kGood);
}

TEST(Sessions, End) {
  const RefreshToken token = NewRefreshToken();
  Session session = NewSession("s", "u", token, kNow, kOptions);
  EXPECT_EQ(
      Refresh(token, NextTurn(token), session.expire_time, kOptions, session),
      RefreshOutcome::kExpired);
}

}  // namespace
}  // namespace millrace::users
