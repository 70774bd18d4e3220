#include "services/templates/engine/diagnostic.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace millrace::templates {
namespace {

constexpr size_t kMaxExcerpt = 120;  // bytes of a line, around the caret

bool IsTail(char c) { return (c & 0xC0) == 0x80; }

int Characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(),
                                        [](char c) { return !IsTail(c); }));
}

std::string_view LineBefore(std::string_view source, size_t offset) {
  const std::string_view before = source.substr(0, offset);
  const size_t newline = before.rfind('\n');
  return newline == before.npos ? before : before.substr(newline + 1);
}

// The line of `offset` and a caret below it, as far as tabs let it be.
std::string Excerpt(std::string_view source, size_t offset) {
  std::string_view before = LineBefore(source, offset);
  const char* cut = "";
  if (before.size() > kMaxExcerpt / 2) {
    size_t from = before.size() - kMaxExcerpt / 2;
    while (from < before.size() && IsTail(before[from])) ++from;
    before.remove_prefix(from);
    cut = "...";
  }
  std::string_view after = source.substr(offset);
  after = after.substr(0, after.find_first_of("\r\n"));
  size_t to = std::min(after.size(), kMaxExcerpt / 2);
  while (to > 0 && to < after.size() && IsTail(after[to])) --to;
  std::string text = StrCat("  ", cut, before, after.substr(0, to),
                            to < after.size() ? "..." : "", "\n  ",
                            std::string(std::string_view(cut).size(), ' '));
  for (const char c : before) {
    if (c == '\t' || !IsTail(c)) text += c == '\t' ? '\t' : ' ';
  }
  return text + "^";
}

}  // namespace

std::string Diagnostic::ToString() const {
  return StrCat(place.template_name, ":", place.line, ":", place.column, ": ",
                message, excerpt.empty() ? "" : "\n", excerpt);
}

Place PlaceOf(std::string_view template_name, std::string_view source,
              size_t offset) {
  const std::string_view before = source.substr(0, offset);
  return {std::string(template_name),
          static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          Characters(LineBefore(source, offset)) + 1};
}

Diagnostic MakeDiagnostic(std::string_view template_name,
                          std::string_view source, size_t offset,
                          std::string message) {
  return {PlaceOf(template_name, source, offset), std::move(message),
          Excerpt(source, offset)};
}

absl::Status ToStatus(const std::vector<Diagnostic>& diagnostics) {
  if (diagnostics.empty()) return absl::OkStatus();
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    StrAppend(&text, text.empty() ? "" : "\n", diagnostic.ToString());
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace millrace::templates
