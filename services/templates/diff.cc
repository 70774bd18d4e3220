#include "services/templates/diff.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace millrace::templates {
namespace {

using Lines = std::vector<std::string_view>;

// A text that ends in a line feed has no empty line behind it.
Lines Split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

// The furthest points of the paths with each number of edits: reached[d] holds
// x for the diagonals k = -d, -d + 2 ... d, where k is x - y.
using Reached = std::vector<std::vector<int>>;

int At(const std::vector<int>& row, int edits, int k) {
  return row[(k + edits) / 2];
}

// Where the path with one edit more enters diagonal k: by an added line from
// the diagonal above, or by a removed one from that below.
bool ComesByAdding(const std::vector<int>& before, int edits, int k) {
  return k == -edits || (k != edits && At(before, edits - 1, k - 1) <
                                           At(before, edits - 1, k + 1));
}

// False when the texts are more than kMostEdits apart.
bool Search(const Lines& from, const Lines& to, Reached* reached) {
  const int n = static_cast<int>(from.size());
  const int m = static_cast<int>(to.size());
  for (int d = 0; d <= std::min(n + m, kMostEdits); ++d) {
    reached->emplace_back();
    for (int k = -d; k <= d; k += 2) {
      int x = 0;
      if (d > 0) {
        const std::vector<int>& before = (*reached)[d - 1];
        x = ComesByAdding(before, d, k) ? At(before, d - 1, k + 1)
                                        : At(before, d - 1, k - 1) + 1;
      }
      // Points outside the texts are on no path; they only keep their place.
      while (x >= 0 && x - k >= 0 && x < n && x - k < m &&
             from[x] == to[x - k]) {
        ++x;
      }
      (*reached)[d].push_back(x);
      if (x >= n && x - k >= m) return true;
    }
  }
  return false;
}

// Walks back from the end, which the last row reached.
std::vector<DiffLine> Trace(const Lines& from, const Lines& to,
                            const Reached& reached) {
  std::vector<DiffLine> lines;
  int x = static_cast<int>(from.size());
  int y = static_cast<int>(to.size());
  for (int d = static_cast<int>(reached.size()) - 1; d > 0; --d) {
    const std::vector<int>& before = reached[d - 1];
    const int k = x - y;
    const bool added = ComesByAdding(before, d, k);
    const int start =
        added ? At(before, d - 1, k + 1) : At(before, d - 1, k - 1) + 1;
    for (; x > start; --x, --y) lines.push_back({Edit::kSame, from[x - 1]});
    if (added) {
      lines.push_back({Edit::kAdded, to[--y]});
    } else {
      lines.push_back({Edit::kRemoved, from[--x]});
    }
  }
  for (; x > 0; --x) lines.push_back({Edit::kSame, from[x - 1]});
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::vector<DiffLine> Between(const Lines& from, const Lines& to) {
  Reached reached;
  if (Search(from, to, &reached)) return Trace(from, to, reached);
  std::vector<DiffLine> lines;
  for (const auto line : from) lines.push_back({Edit::kRemoved, line});
  for (const auto line : to) lines.push_back({Edit::kAdded, line});
  return lines;
}

}  // namespace

std::vector<DiffLine> DiffLines(std::string_view from, std::string_view to) {
  Lines a = Split(from);
  Lines b = Split(to);
  const auto [a_first, b_first] =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto [a_last, b_last] =
      std::mismatch(a.rbegin(), std::make_reverse_iterator(a_first), b.rbegin(),
                    std::make_reverse_iterator(b_first));
  std::vector<DiffLine> lines;
  for (auto it = a.begin(); it != a_first; ++it) {
    lines.push_back({Edit::kSame, *it});
  }
  for (const DiffLine& line :
       Between(Lines(a_first, a_last.base()), Lines(b_first, b_last.base()))) {
    lines.push_back(line);
  }
  for (auto it = a_last.base(); it != a.end(); ++it) {
    lines.push_back({Edit::kSame, *it});
  }
  return lines;
}

std::vector<Hunk> ToHunks(const std::vector<DiffLine>& lines, int context) {
  std::vector<Hunk> hunks;
  const auto count = static_cast<int>(lines.size());
  int from_line = 0;  // lines of each text that were passed
  int to_line = 0;
  int told = 0;    // the index behind the last line that is in a hunk
  int until = -1;  // the last line that belongs to the last hunk
  for (int i = 0; i < count; ++i) {
    if (lines[i].edit != Edit::kSame) {
      const int begin = std::max(told, i - context);
      if (hunks.empty() || begin > told) {
        const int before = i - begin;  // equal lines in front
        hunks.push_back({.from_line = from_line - before,
                         .to_line = to_line - before,
                         .lines = {}});
        told = begin;
      }
      until = i + context;
    }
    while (told <= i && i <= until) hunks.back().lines.push_back(lines[told++]);
    from_line += lines[i].edit != Edit::kAdded;
    to_line += lines[i].edit != Edit::kRemoved;
  }
  for (Hunk& hunk : hunks) {
    const auto has = [&hunk](Edit other) {
      return std::any_of(
          hunk.lines.begin(), hunk.lines.end(),
          [other](const DiffLine& line) { return line.edit != other; });
    };
    hunk.from_line += has(Edit::kAdded);
    hunk.to_line += has(Edit::kRemoved);
  }
  return hunks;
}

}  // namespace millrace::templates
