#include "http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(UrlTest, SplitsTargets) {
  const auto check = [](std::string_view target, std::string_view path,
                        std::string_view query) {
    const auto got = ParseTarget(target);
    ASSERT_TRUE(got.ok()) << target << ": " << got.status();
    EXPECT_EQ(got->path, path);
    EXPECT_EQ(got->query, query);
  };
  check("/", "/", "");
  check("/a/b?c=d?e", "/a/b", "c=d?e");
  check("/a%20b/..c/...", "/a%20b/..c/...", "");
  check("http://host:80/a?b", "/a", "b");
  check("https://host", "/", "");
  check("http://host?a=b", "/", "a=b");
  check("?a", "/", "a");
  check("*", "*", "");
}

TEST(UrlTest, RefusesWhatIsNoPathOrLeavesIt) {
  for (const std::string_view target :
       {"", "a/b", "host:443", "/a#b", "/a/../b", "/..", "/a/.", "/a/%2e%2e/b",
        "/%2E%2e%2fb", "/a%5c..%5cb", "/%zz", "/%4", "/a%00b"}) {
    EXPECT_FALSE(ParseTarget(target).ok()) << target;
  }
}

TEST(UrlTest, DecodesPercent) {
  EXPECT_EQ(PercentDecode("a%2Fb%41+"), "a/bA+");
  EXPECT_EQ(PercentDecode("%"), std::nullopt);
  EXPECT_EQ(PercentDecode("%4"), std::nullopt);
  EXPECT_EQ(PercentDecode("%g0"), std::nullopt);
}

TEST(UrlTest, ReadsQueries) {
  EXPECT_THAT(*ParseQuery("a=1&b=x+y%26&&c&a=2&d=e=f"),
              ElementsAre(Pair("a", "1"), Pair("b", "x y&"), Pair("c", ""),
                          Pair("a", "2"), Pair("d", "e=f")));
  EXPECT_TRUE(ParseQuery("")->empty());
  EXPECT_FALSE(ParseQuery("a=%zz").ok());
}

}  // namespace
}  // namespace millrace::http
