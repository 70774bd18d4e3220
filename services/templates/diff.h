// What differs between two texts, line by line. Pure; any thread.
//
// The fewest lines that can be removed and added, by Myers' algorithm. Past
// kMostEdits it stops looking for the fewest, and tells all between the first
// and the last difference as removed and added: time and memory stay bounded
// whatever the texts.
#ifndef MILLRACE_SERVICES_TEMPLATES_DIFF_H_
#define MILLRACE_SERVICES_TEMPLATES_DIFF_H_

#include <string_view>
#include <vector>

namespace millrace::templates {

inline constexpr int kMostEdits = 1000;

enum class Edit { kSame, kRemoved, kAdded };

struct DiffLine {
  Edit edit = Edit::kSame;
  std::string_view text;  // of one of the texts, without its line feed

  bool operator==(const DiffLine&) const = default;
};

// Differences and the lines around them. Lines are counted from 1; where the
// hunk has no line of a text, the number of the one behind which it is.
struct Hunk {
  int from_line = 0;
  int to_line = 0;
  std::vector<DiffLine> lines;
};

// All lines of both texts.
std::vector<DiffLine> DiffLines(std::string_view from, std::string_view to);

// The hunks with at most `context` equal lines on each side, of DiffLines().
std::vector<Hunk> ToHunks(const std::vector<DiffLine>& lines, int context);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_DIFF_H_
