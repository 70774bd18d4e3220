#include "tls/subject.h"

#include <gtest/gtest.h>

namespace millrace::tls {
namespace {

TEST(TlsSubjectTest, SpiffeIdComesBeforeTheName) {
  EXPECT_EQ(Subject({"spiffe://example.org/billing"}, "billing"),
            "spiffe://example.org/billing");
  EXPECT_EQ(Subject({}, "billing"), "billing");
  EXPECT_EQ(Subject({"https://example.org"}, "billing"), "billing");
  EXPECT_EQ(Subject({}, ""), "");
}

TEST(TlsSubjectTest, TwoNamesAreNobody) {
  EXPECT_EQ(Subject({"spiffe://example.org/a", "spiffe://example.org/b"}, "a"),
            "");
  EXPECT_EQ(Subject({"https://example.org", "spiffe://example.org/a"}, "a"),
            "");
}

TEST(TlsSubjectTest, ControlCharactersAreNobody) {
  EXPECT_EQ(Subject({}, std::string("admin\0.example.org", 18)), "");
  EXPECT_EQ(Subject({"spiffe://example.org/a\n"}, "a"), "");
}

}  // namespace
}  // namespace millrace::tls
