#include "http/byte_ranges.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "http/headers.h"

namespace millrace::http {
namespace {

// About what the head of a part takes.
constexpr uint64_t kGap = 80;

// Too large a number is as good as the largest.
std::optional<uint64_t> ParsePosition(std::string_view digits) {
  if (digits.empty() ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc()) return number;
  return std::numeric_limits<uint64_t>::max();
}

// Nothing when it is malformed; without a size when it cannot be satisfied.
std::optional<ByteRange> ParseSpec(std::string_view spec, uint64_t size) {
  const size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view begin = spec.substr(0, dash);
  const std::string_view end = spec.substr(dash + 1);
  if (begin.empty()) {
    const auto suffix = ParsePosition(end);
    if (!suffix) return std::nullopt;
    const uint64_t length = std::min(*suffix, size);
    return ByteRange{size - length, length};
  }
  const auto first = ParsePosition(begin);
  if (!first) return std::nullopt;
  uint64_t last = std::numeric_limits<uint64_t>::max();
  if (!end.empty()) {
    const auto parsed = ParsePosition(end);
    if (!parsed || *parsed < *first) return std::nullopt;
    last = *parsed;
  }
  if (*first >= size) return ByteRange{};
  return ByteRange{*first, std::min(last, size - 1) - *first + 1};
}

bool Near(const ByteRange& a, const ByteRange& b) {
  return a.first <= b.end() + kGap && b.first <= a.end() + kGap;
}

// Joins `range` with all that are near it, in the place of the first of them.
void AddRange(ByteRange range, std::vector<ByteRange>* parts) {
  size_t place = parts->size();
  for (size_t i = 0; i < parts->size();) {
    const ByteRange& other = (*parts)[i];
    if (!Near(range, other)) {
      ++i;
      continue;
    }
    const uint64_t end = std::max(range.end(), other.end());
    range.first = std::min(range.first, other.first);
    range.size = end - range.first;
    parts->erase(parts->begin() + static_cast<std::ptrdiff_t>(i));
    place = std::min(place, i);
    i = 0;  // it has grown
  }
  place = std::min(place, parts->size());
  parts->insert(parts->begin() + static_cast<std::ptrdiff_t>(place), range);
}

}  // namespace

RangeSet ParseRange(std::string_view value, uint64_t size, size_t max_ranges) {
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos ||
      !EqualsIgnoreCase(Trim(value.substr(0, equals)), "bytes")) {
    return {};
  }
  std::string_view rest = value.substr(equals + 1);
  RangeSet set;
  size_t count = 0;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view spec = Trim(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (spec.empty()) continue;
    const std::optional<ByteRange> range = ParseSpec(spec, size);
    if (!range || ++count > max_ranges) return {};
    if (range->size > 0) AddRange(*range, &set.parts);
  }
  if (count == 0) return {};
  set.kind = set.parts.empty() ? RangeSet::Kind::kUnsatisfiable
                               : RangeSet::Kind::kParts;
  return set;
}

}  // namespace millrace::http
