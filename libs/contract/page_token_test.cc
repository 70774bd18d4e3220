#include "contract/page_token.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(PageToken, RoundTrips) {
  for (const std::string key : {"a", "0192-x", "\x01\xff?/+"}) {
    const std::string token = WritePageToken(key);
    EXPECT_NE(token.find_first_of(key), 0u);
    ASSERT_TRUE(ReadPageToken(token).ok());
    EXPECT_EQ(*ReadPageToken(token), key);
  }
  EXPECT_EQ(*ReadPageToken(""), "");
}

TEST(PageToken, RefusesWhatItDidNotWrite) {
  for (const std::string token : {"x", "abc", "!!", "MQ", "Mzk5"}) {
    EXPECT_EQ(ReadPageToken(token).status().code(),
              absl::StatusCode::kInvalidArgument)
        << token;
  }
}

TEST(PageToken, NumbersHaveAFirst) {
  EXPECT_EQ(*ReadPageNumber("", 99), 99);
  EXPECT_EQ(*ReadPageNumber(WritePageToken("42"), 99), 42);
  EXPECT_FALSE(ReadPageNumber(WritePageToken("x"), 99).ok());
}

TEST(PageToken, ZeroAsksForTheDefault) {
  EXPECT_EQ(PageSize(0), kDefaultPageSize);
  EXPECT_EQ(PageSize(7), 7);
}

}  // namespace
}  // namespace millrace
