#include "bus/partitioner.h"

#include <gtest/gtest.h>

namespace millrace::bus {
namespace {

// The vectors of Apache Kafka's own test of its hash.
TEST(Murmur2Test, AgreesWithKafka) {
  const auto hash = [](std::string_view text) {
    return static_cast<int32_t>(Murmur2(text));
  };
  EXPECT_EQ(hash("21"), -973932308);
  EXPECT_EQ(hash("foobar"), -790332482);
  EXPECT_EQ(hash("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(hash("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"),
            -58897971);
  EXPECT_EQ(hash("abc"), 479470107);
}

TEST(PartitionOfTest, IsWithinRangeForHashesAboveTheSignBit) {
  for (int n = 1; n < 40; ++n) {
    EXPECT_EQ(PartitionOf("foobar", n), (-790332482 & 0x7fffffff) % n);
  }
}

}  // namespace
}  // namespace millrace::bus
