#include "http/chunk_size.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

TEST(ChunkSizeTest, IsHexadecimal) {
  EXPECT_EQ(ParseChunkSize("0")->size, 0u);
  EXPECT_EQ(ParseChunkSize("00aF")->size, 0xafu);
  EXPECT_EQ(ParseChunkSize("ffffffffffffffff")->size, UINT64_MAX);
  EXPECT_EQ(ParseChunkSize("5")->extensions, "");
}

TEST(ChunkSizeTest, MayHaveExtensions) {
  for (const std::string_view extensions :
       {";a", ";a=b", ";a=b;c", " ;a", "; a", ";a = b", ";a ;b", ";a=\"\"",
        ";a=\"b;c\\\"d\";e", ";a=\"\xc3\xa4\t\"", "\t; a=b"}) {
    const std::string line = "5" + std::string(extensions);
    const auto chunk = ParseChunkSize(line);
    ASSERT_TRUE(chunk) << line;
    EXPECT_EQ(chunk->size, 5u);
    EXPECT_EQ(chunk->extensions, extensions);
  }
}

TEST(ChunkSizeTest, IsNothingElse) {
  for (const std::string_view line :
       {"",           " 5",         "5 ",
        "0x5",        "+5",         "-5",
        "g",          "5g",         "10000000000000000",
        "5;",         "5;;a",       "5;a=",
        "5;a ",       "5;a=b ",     "5;a b",
        "5;a=\"b",    "5;a=\"b\\",  "5;a=\"b\\\"",
        "5;a=\"b\"c", "5;a=\"\n\"", "5;a=\"\x7f\"",
        "5;(=b",      "5,a"}) {
    EXPECT_FALSE(ParseChunkSize(line)) << line;
  }
}

}  // namespace
}  // namespace millrace::http
