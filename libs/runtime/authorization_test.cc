#include "runtime/authorization.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

TEST(Authorization, IsABearersToken) {
  EXPECT_EQ(*BearerToken({}), "");
  EXPECT_EQ(*BearerToken({{"cookie", "Bearer x"}}), "");
  EXPECT_EQ(*BearerToken({{"authorization", "Bearer a.b.c"}}), "a.b.c");
  EXPECT_EQ(*BearerToken({{"authorization", "bearer a"}}), "a");
}

TEST(Authorization, IsNothingElse) {
  for (const char* value : {"", "Bearer", "Bearer ", "Basic YTpi", "a.b.c"}) {
    const auto token = BearerToken({{"authorization", value}});
    EXPECT_EQ(token.status(),
              absl::UnauthenticatedError("'authorization' must be 'Bearer "
                                         "TOKEN', with an access token"))
        << value;
  }
  EXPECT_EQ(BearerToken(
                {{"authorization", "Bearer a"}, {"authorization", "Bearer a"}})
                .status(),
            absl::UnauthenticatedError(
                "the call has two 'authorization' headers; send one"));
}

}  // namespace
}  // namespace millrace::runtime
