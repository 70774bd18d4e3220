#include "base/suggest.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Suggest, FindsTheNearestName) {
  const std::vector<std::string> names = {"http", "grpc", "data_dir"};
  EXPECT_EQ(Closest("htpp", names), "http");
  EXPECT_EQ(Closest("HTTP", names), "http");
  EXPECT_EQ(Closest("dat_dir", names), "data_dir");
  EXPECT_EQ(Closest("gprc", names), "grpc");
}

TEST(Suggest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(Closest("kafka", {"http", "grpc"}), "");
  EXPECT_EQ(Closest("x", {}), "");
  EXPECT_EQ(DidYouMean("kafka", {"http"}), "");
}

// Hours of work, if it were compared with each of the names: a client may send
// a word as long as a request.
TEST(Suggest, AWordThatNoNameIsNearCostsNothing) {
  const std::vector<std::string> names(1000, std::string(100, 'y'));
  EXPECT_EQ(Closest(std::string(8 << 20, 'y'), names), "");
}

TEST(Suggest, LengthsMayDifferAsFarAsWords) {
  EXPECT_EQ(Closest("email_address", {"email_addr"}), "email_addr");
  EXPECT_EQ(Closest("mail", {"email"}), "email");
  EXPECT_EQ(Closest("mail", {"emails"}), "");
}

TEST(Suggest, ReadsAsAQuestion) {
  EXPECT_EQ(DidYouMean("emial", {"email"}), "; did you mean 'email'?");
}

}  // namespace
}  // namespace millrace
