#include "base/ids.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/random.h"

namespace millrace {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool IsDash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
         (c >= 'A' && c <= 'F');
}

// Milliseconds and 12 bits behind them: random ones in a new millisecond, with
// room above them, and counted up within one (RFC 9562, 6.2, method 1). Also
// when the clock goes back.
uint64_t NextTick() {
  thread_local uint64_t last = 0;
  const uint64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  last = std::max((now << 12) | (RandomBits() & 0x07ff), last + 1);
  return last;
}

}  // namespace

std::string NewId() {
  const uint64_t tick = NextTick();
  const uint64_t high = ((tick >> 12) << 16) | 0x7000 | (tick & 0x0fff);
  const uint64_t low = (RandomBits() & 0x3fffffffffffffff) | 0x8000000000000000;
  std::string text(36, '-');
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) continue;
    const uint64_t half = digit < 16 ? high : low;
    text[i] = kHex[(half >> (60 - 4 * (digit % 16))) & 0xf];
    ++digit;
  }
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i) ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return true;
}

}  // namespace millrace
