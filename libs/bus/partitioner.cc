#include "bus/partitioner.h"

#include <cstddef>

namespace millrace::bus {

uint32_t Murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  const auto byte = [bytes](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    uint32_t word =
        byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
  }
  const size_t rest = bytes.size() - i;
  if (rest > 0) {
    for (size_t r = rest; r > 0; --r) hash ^= byte(i + r - 1) << (8 * (r - 1));
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return hash;
}

int PartitionOf(std::string_view key, int partitions) {
  return static_cast<int>((Murmur2(key) & 0x7fffffff) %
                          static_cast<uint32_t>(partitions));
}

}  // namespace millrace::bus
