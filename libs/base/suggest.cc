#include "base/suggest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/strings.h"

namespace millrace {
namespace {

std::string Lower(std::string_view word) {
  return absl::AsciiStrToLower(ToAbsl(word));
}

// Optimal string alignment distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1),
      current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      current[j] = std::min(
          {previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

std::string Closest(std::string_view word,
                    const std::vector<std::string>& candidates) {
  const std::string lower = Lower(word);
  size_t best = std::max<size_t>(1, word.size() / 3) + 1;
  std::string closest;
  for (const std::string& candidate : candidates) {
    // Lengths alone are that far apart. It bounds the work by the candidates,
    // whoever chose the word.
    const size_t longer = std::max(lower.size(), candidate.size());
    const size_t shorter = std::min(lower.size(), candidate.size());
    if (longer - shorter >= best) continue;
    const size_t distance = Distance(lower, Lower(candidate));
    if (distance < best) {
      best = distance;
      closest = candidate;
    }
  }
  return closest;
}

std::string DidYouMean(std::string_view word,
                       const std::vector<std::string>& candidates) {
  const std::string closest = Closest(word, candidates);
  return closest.empty() ? "" : StrCat("; did you mean '", closest, "'?");
}

}  // namespace millrace
