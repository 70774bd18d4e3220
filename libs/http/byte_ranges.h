// The Range field of requests (RFC 9110, 14). Pure functions.
#ifndef MILLRACE_HTTP_BYTE_RANGES_H_
#define MILLRACE_HTTP_BYTE_RANGES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::http {

struct ByteRange {
  uint64_t first = 0;
  uint64_t size = 0;

  uint64_t end() const { return first + size; }
  bool operator==(const ByteRange&) const = default;
};

struct RangeSet {
  // kWhole: Range does not count, and all is sent.
  enum class Kind { kWhole, kParts, kUnsatisfiable };

  Kind kind = Kind::kWhole;
  std::vector<ByteRange> parts;  // of kParts: at least one, none empty
};

// What `value` asks for of `size` bytes. It does not count when it is
// malformed, in another unit than bytes, or has more than `max_ranges` ranges.
// Ranges that overlap, or are so near to each other that a part's head would be
// longer than what lies between, become one: what is sent for a request is
// never much more than the whole. The others keep their order.
RangeSet ParseRange(std::string_view value, uint64_t size, size_t max_ranges);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_BYTE_RANGES_H_
