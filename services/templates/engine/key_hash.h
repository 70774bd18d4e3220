// The hash of a member's name. It only makes looking fast: names that share
// one are told apart by their text, and objects with many of these stay fast
// because their index is sorted by the text, too (value.h).
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_KEY_HASH_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_KEY_HASH_H_

#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::templates {

inline uint32_t HashKey(std::string_view key) {
  constexpr uint64_t kA = 0x9e3779b97f4a7c15, kB = 0xc2b2ae3d27d4eb4f;
  const auto load = [](const char* at, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, at, size);
    return word;
  };
  const size_t n = key.size();
  const char* p = key.data();
  uint64_t a = 0, b = 0;
  if (n >= 8) {
    for (size_t i = 0; i + 16 < n; i += 8) {
      const uint64_t word = load(p + i, 8);
      a = (a ^ word) * kA;
      a ^= a >> 29;
    }
    if (n > 16) a ^= load(p + n - 16, 8);
    if (n <= 16) a = load(p, 8);
    b = load(p + n - 8, 8);
  } else if (n >= 4) {
    a = load(p, 4);
    b = load(p + n - 4, 4);
  } else if (n > 0) {
    a = static_cast<unsigned char>(p[0]);
    b = static_cast<uint64_t>(static_cast<unsigned char>(p[n / 2])) << 8 |
        static_cast<unsigned char>(p[n - 1]);
  }
  const uint64_t mixed = (a ^ n) * kA ^ (b + kB) * kB;
  return static_cast<uint32_t>(mixed ^ mixed >> 32);
}

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_KEY_HASH_H_
