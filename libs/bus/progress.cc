#include "bus/progress.h"

#include <charconv>
#include <limits>

#include "base/strings.h"

namespace millrace::bus {
namespace {

constexpr std::string_view kPrefix = "millrace/1 ";

// Takes a positive number off the front of `text`.
bool TakeNumber(std::string_view* text, int64_t* number) {
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, *number);
  if (error != std::errc() || *number <= 0) return false;
  text->remove_prefix(static_cast<size_t>(rest - text->data()));
  return true;
}

bool TakeChar(std::string_view* text, char wanted) {
  if (text->empty() || text->front() != wanted) return false;
  text->remove_prefix(1);
  return true;
}

// Takes "GAP+LENGTH" off the front, of a range that begins GAP after `from`.
bool TakeRange(std::string_view* text, int64_t from, OffsetRange* range) {
  int64_t gap = 0;
  int64_t length = 0;
  if (!TakeNumber(text, &gap) || !TakeChar(text, '+') ||
      !TakeNumber(text, &length)) {
    return false;
  }
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  if (gap > kMax - from || length > kMax - from - gap) return false;
  *range = {from + gap, from + gap + length};
  return true;
}

}  // namespace

std::string FinishedToText(const Progress& progress, size_t max_bytes) {
  std::string text;
  int64_t from = progress.next_offset;
  for (const OffsetRange& range : progress.finished) {
    const std::string one =
        StrCat(text.empty() ? kPrefix : std::string_view(","),
               range.begin - from, "+", range.end - range.begin);
    if (text.size() + one.size() > max_bytes) break;
    text += one;
    from = range.end;
  }
  return text;
}

std::vector<OffsetRange> FinishedFromText(int64_t next_offset,
                                          std::string_view text) {
  std::vector<OffsetRange> ranges;
  if (next_offset < 0 || text.substr(0, kPrefix.size()) != kPrefix) return {};
  text.remove_prefix(kPrefix.size());
  int64_t from = next_offset;
  do {
    OffsetRange range;
    if (!TakeRange(&text, from, &range)) return {};
    ranges.push_back(range);
    from = range.end;
  } while (TakeChar(&text, ','));
  if (!text.empty()) return {};
  return ranges;
}

}  // namespace millrace::bus
