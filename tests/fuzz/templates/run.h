// Compiles and renders what a fuzzer makes up, within the process. Ends the
// process when a promise of the engine is broken.
#ifndef MILLRACE_TESTS_FUZZ_TEMPLATES_RUN_H_
#define MILLRACE_TESTS_FUZZ_TEMPLATES_RUN_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::templates {

// An input is text in parts, each behind a line that begins with "%%": the
// template; "%%json" its data; "%%partial NAME" a partial; "%%options LETTERS"
// how it is compiled (x: syntax 2, c: contextual, n: plain text, p: partials
// are required, s: nothing unsafe, f: fields are required, m: partials are read
// otherwise than the template).
struct Input {
  std::string source, json = "{}", options;
  std::vector<std::pair<std::string, std::string>> partials;
};

Input ParseInput(std::string_view text);
std::string ToText(const Input& input);

enum class Outcome { kErrors, kNoData, kStopped, kRendered };

// Renders at once and in slices, and compares.
Outcome RunEngine(const Input& input);

}  // namespace millrace::templates

#endif  // MILLRACE_TESTS_FUZZ_TEMPLATES_RUN_H_
