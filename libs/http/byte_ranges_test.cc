#include "http/byte_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/strings.h"

namespace millrace::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Kind = RangeSet::Kind;

RangeSet Parse(std::string_view value, uint64_t size = 10000) {
  return ParseRange(value, size, 8);
}

// The examples of RFC 9110, 14.1.2, of 10000 bytes.
TEST(ByteRangesTest, ReadsTheExamplesOfTheRfc) {
  EXPECT_THAT(Parse("bytes=0-499").parts, ElementsAre(ByteRange{0, 500}));
  EXPECT_THAT(Parse("bytes=500-999").parts, ElementsAre(ByteRange{500, 500}));
  EXPECT_THAT(Parse("bytes=-500").parts, ElementsAre(ByteRange{9500, 500}));
  EXPECT_THAT(Parse("bytes=9500-").parts, ElementsAre(ByteRange{9500, 500}));
  EXPECT_THAT(Parse("bytes=0-0,-1").parts,
              ElementsAre(ByteRange{0, 1}, ByteRange{9999, 1}));
  EXPECT_THAT(Parse("bytes= 0-0, -2").parts,
              ElementsAre(ByteRange{0, 1}, ByteRange{9998, 2}));
  EXPECT_THAT(Parse("bytes=0-999, 4500-5499, -1000").parts,
              ElementsAre(ByteRange{0, 1000}, ByteRange{4500, 1000},
                          ByteRange{9000, 1000}));
  // "other valid (but not canonical) specifications of the second 500 bytes"
  EXPECT_THAT(Parse("bytes=500-600,601-999").parts,
              ElementsAre(ByteRange{500, 500}));
  EXPECT_THAT(Parse("bytes=500-700,601-999").parts,
              ElementsAre(ByteRange{500, 500}));
}

TEST(ByteRangesTest, CutsAtTheEnd) {
  EXPECT_THAT(Parse("bytes=9990-20000").parts,
              ElementsAre(ByteRange{9990, 10}));
  EXPECT_THAT(Parse("bytes=-99999").parts, ElementsAre(ByteRange{0, 10000}));
  EXPECT_THAT(Parse("bytes=1-99999999999999999999999999").parts,
              ElementsAre(ByteRange{1, 9999}));
  EXPECT_THAT(Parse("BYTES=9999-").parts, ElementsAre(ByteRange{9999, 1}));
  EXPECT_THAT(Parse("bytes=,0-0,, 500-500 ,").parts,
              ElementsAre(ByteRange{0, 1}, ByteRange{500, 1}));
}

TEST(ByteRangesTest, SaysWhatCannotBeSatisfied) {
  for (const std::string_view value :
       {"bytes=10000-", "bytes=10000-10001", "bytes=-0",
        "bytes=99999999999999999999999999-", "bytes=20000-,-0"}) {
    EXPECT_EQ(Parse(value).kind, Kind::kUnsatisfiable) << value;
  }
  EXPECT_EQ(Parse("bytes=0-", 0).kind, Kind::kUnsatisfiable);
  EXPECT_EQ(Parse("bytes=-5", 0).kind, Kind::kUnsatisfiable);
  // One that can be is enough.
  EXPECT_THAT(Parse("bytes=10000-,0-1").parts, ElementsAre(ByteRange{0, 2}));
}

TEST(ByteRangesTest, WhatIsMalformedDoesNotCount) {
  for (const std::string_view value :
       {"", "bytes", "bytes=", "bytes=,", "bytes=a-b", "bytes=5-4", "bytes=-",
        "bytes=1", "bytes=1-2-3", "bytes=--1", "bytes=+1-2", "bytes=0x1-2",
        "bytes=1 - 2", "lines=0-1", "bytes=0-1,x", "bytes=0-1;2-3",
        "bytes 0-1/10"}) {
    const RangeSet set = Parse(value);
    EXPECT_EQ(set.kind, Kind::kWhole) << value;
    EXPECT_THAT(set.parts, IsEmpty()) << value;
  }
}

TEST(ByteRangesTest, TooManyDoNotCount) {
  std::string value = "bytes=0-0";
  for (int i = 1; i < 8; ++i) StrAppend(&value, ",", i * 1000, "-", i * 1000);
  EXPECT_EQ(Parse(value).parts.size(), 8u);
  EXPECT_EQ(Parse(value + ",9999-").kind, Kind::kWhole);
  // Those that cannot be satisfied count as well, else they would be free.
  EXPECT_EQ(Parse(value + ",20000-").kind, Kind::kWhole);
}

// Apache's "range killer": bytes=0-,5-0,5-1,5-2,...
TEST(ByteRangesTest, OverlapsBecomeOne) {
  EXPECT_THAT(Parse("bytes=0-,5-6,5-7,5-8").parts,
              ElementsAre(ByteRange{0, 10000}));
  EXPECT_THAT(Parse("bytes=0-,0-,0-,0-,0-").parts,
              ElementsAre(ByteRange{0, 10000}));
  EXPECT_THAT(Parse("bytes=5-5,7-7,9-9").parts, ElementsAre(ByteRange{5, 5}));
  // The last one joins what was apart, in the place of the first.
  EXPECT_THAT(Parse("bytes=8000-8999,5000-5009,0-9,1000-1009,0-1200").parts,
              ElementsAre(ByteRange{8000, 1000}, ByteRange{5000, 10},
                          ByteRange{0, 1201}));
}

}  // namespace
}  // namespace millrace::http
