#include "tokens/base64url.h"

#include <gtest/gtest.h>

namespace millrace::tokens {
namespace {

TEST(Base64Url, IsWithoutPadding) {
  EXPECT_EQ(ToBase64Url(""), "");
  EXPECT_EQ(ToBase64Url("\xff\xfe"), "__4");
  EXPECT_EQ(FromBase64Url("__4"), "\xff\xfe");
  EXPECT_EQ(FromBase64Url(""), "");
}

TEST(Base64Url, HasOneSpelling) {
  for (const char* text : {"__4=", "//4", "__ 4", "__5", "_", "__4\n", "__4.",
                           "\xc3\xa4\xc3\xa4", "_?"}) {
    EXPECT_EQ(FromBase64Url(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace millrace::tokens
