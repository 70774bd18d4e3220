// A compiled template: Mustache's variables, sections, inverted sections,
// comments, dotted names and the implicit iterator, with its rules for tags
// that stand alone on a line.
//
// A program is immutable: any thread may render it. Rendering is bounded in
// depth by the template's nesting and in size by Limits. Errors are
// INVALID_ARGUMENT with line and column (compiling) and RESOURCE_EXHAUSTED
// (rendering). Partials, lambdas and other delimiters are refused when
// compiling.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_PROGRAM_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_PROGRAM_H_

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::templates {

enum class Escaping { kHtml, kNone };

struct Limits {
  size_t output_bytes = 1 << 20;
  size_t steps = 1'000'000;  // operations executed
};

class Program {
 public:
  // Keeps a copy of `source`. Nesting deeper than 64 sections is refused.
  static absl::StatusOr<Program> Compile(std::string_view source,
                                         Escaping escaping);

  absl::StatusOr<std::string> Render(const google::protobuf::Struct& data,
                                     const Limits& limits = {}) const;

 private:
  friend class Compiler;
  friend class Renderer;

  enum class Code { kText, kVariable, kRawVariable, kSection, kInverted, kEnd };

  // kSection and kInverted jump to `jump`, behind their kEnd, when there is
  // nothing to render.
  struct Op {
    Code code;
    std::string text;               // kText
    std::vector<std::string> path;  // the others; empty for "."
    size_t jump = 0;
  };

  Escaping escaping_ = Escaping::kHtml;
  std::vector<Op> ops_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_PROGRAM_H_
