// "Did you mean": the nearest of the names that would have been right.
#ifndef MILLRACE_BASE_SUGGEST_H_
#define MILLRACE_BASE_SUGGEST_H_

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// The candidate with the smallest edit distance to `word` (insertions,
// deletions, substitutions and swaps of neighbours count one each; case counts
// nothing), or "" when none is within a third of the word's length, at least 1.
std::string Closest(std::string_view word,
                    const std::vector<std::string>& candidates);

// "; did you mean 'x'?", or "" when nothing is near.
std::string DidYouMean(std::string_view word,
                       const std::vector<std::string>& candidates);

}  // namespace millrace

#endif  // MILLRACE_BASE_SUGGEST_H_
