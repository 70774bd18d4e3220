#include "bus/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::bus {
namespace {

using testing::ElementsAre;
using testing::Pair;

const std::string_view kBytes("\0\xff", 2);

Headers Sample() { return {{"a", "1"}, {"b", ""}, {"a", kBytes}, {"", "x"}}; }

TEST(Headers, KeepOrderDuplicatesAndBytes) {
  EXPECT_THAT(Sample(), ElementsAre(Pair("a", "1"), Pair("b", ""),
                                    Pair("a", kBytes), Pair("", "x")));
  EXPECT_EQ(Sample().size(), 4u);
  EXPECT_EQ(Sample().bytes(), 7u);
  EXPECT_FALSE(Sample().empty());
  EXPECT_THAT(Headers(), ElementsAre());
  EXPECT_TRUE(Headers().empty());
}

TEST(Headers, TheLastOfANameCounts) {
  const Headers headers = Sample();
  EXPECT_EQ(headers.Find("a"), kBytes);
  EXPECT_EQ(headers.Find("b"), "");
  EXPECT_EQ(headers.Find(""), "x");
  EXPECT_EQ(headers.Find("c"), std::nullopt);
}

TEST(Headers, AreUnpackedAsTheyWerePacked) {
  const auto unpacked = Headers::Unpack(Sample().packed());
  ASSERT_TRUE(unpacked.ok());
  EXPECT_EQ(*unpacked, Sample());
  EXPECT_EQ(unpacked->size(), 4u);
}

// Rows and records of before are read by this: the form cannot change.
TEST(Headers, ArePackedInTheFormOfTheTables) {
  const Headers headers = {{"id", "7"}, {"n", std::string(300, 'v')}};
  EXPECT_EQ(headers.packed(), std::string("\2\0\0\0id\1\0\0\0"
                                          "7",
                                          11) +
                                  std::string("\1\0\0\0n\x2c\1\0\0", 9) +
                                  std::string(300, 'v'));
}

TEST(Headers, RefuseWhatEndsInTheMiddle) {
  const std::string packed = Headers{{"name", "value"}}.packed();
  for (size_t size = 1; size < packed.size(); ++size) {
    EXPECT_EQ(Headers::Unpack(packed.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(Headers::Unpack("\xff\xff\xff\xff").ok());
}

TEST(Headers, ArePartlyRemoved) {
  Headers headers = {{"x-1", "a"}, {"y", "b"}, {"x-2", "c"}, {"x", "d"}};
  headers.RemovePrefix("x-");
  EXPECT_EQ(headers, (Headers{{"y", "b"}, {"x", "d"}}));
  headers.RemovePrefix("none");
  EXPECT_EQ(headers.size(), 2u);
  headers.RemovePrefix("");
  EXPECT_TRUE(headers.empty());
}

}  // namespace
}  // namespace millrace::bus
