// Runs the cases of a file in the form of Mustache's official specification:
// {"tests": [{"name", "desc", "data", "template", "partials", "expected"}]}.
#ifndef MILLRACE_TOOLS_MILLRACE_RENDER_SPEC_H_
#define MILLRACE_TOOLS_MILLRACE_RENDER_SPEC_H_

#include <ostream>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/templates/engine/options.h"

namespace millrace::cli {

struct SpecResult {
  int passed = 0;
  int failed = 0;
};

// Prints a line for each case that fails, and "N passed, N failed" last. No
// case is left out: one that needs a lambda, which data cannot bring along
// here, fails. INVALID_ARGUMENT when the text is no such file.
absl::StatusOr<SpecResult> RunSpec(
    std::string_view json, std::ostream& out,
    const templates::CompileOptions& options = {});

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_RENDER_SPEC_H_
