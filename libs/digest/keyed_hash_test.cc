#include "digest/keyed_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace millrace {
namespace {

TEST(KeyedHash, IsOneFunctionForEachObject) {
  const KeyedHash one, other;
  EXPECT_EQ(one("ada"), one("ada"));
  EXPECT_NE(one("ada"), one("Ada"));
  EXPECT_NE(one("ada"), other("ada"));
  EXPECT_NE(one(""), other(""));
}

TEST(KeyedHash, SpreadsKeysThatAreAlike) {
  const KeyedHash hash;
  std::set<uint64_t> low_bytes;
  for (int i = 0; i < 4096; ++i) {
    low_bytes.insert(hash("192.0.2." + std::to_string(i)) & 0xff);
  }
  EXPECT_EQ(low_bytes.size(), 256u);
}

}  // namespace
}  // namespace millrace
