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

TEST(Suggest, ReadsAsAQuestion) {
  EXPECT_EQ(DidYouMean("emial", {"email"}), "; did you mean 'email'?");
}

}  // namespace
}  // namespace millrace
