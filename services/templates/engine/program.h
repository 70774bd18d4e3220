// A compiled template, linked with its partials.
//
//   PartialMap partials({{"greeting", "Hi {{name}}"}});
//   absl::StatusOr<Program> program =
//       Program::Compile("{{>greeting}}!", {.name = "welcome"}, partials);
//   Document data;
//   absl::Status read = data.ReadJson(R"({"name": "Ada"})");
//   absl::StatusOr<std::string> text = Render(*program, data);  // renderer.h
//
// A program is immutable and owns all that it needs but its helpers; copies
// share it. Any thread may render it, any number of threads at once.
// LANGUAGE.md describes the language.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_PROGRAM_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_PROGRAM_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/templates/engine/diagnostic.h"
#include "services/templates/engine/options.h"
#include "services/templates/engine/partials.h"

namespace millrace::templates {

struct Code;

// A field that a template reads.
struct FieldRead {
  // As the tag has it: "name", "user.name", "." or "../name".
  std::string path;
  // The paths of the sections around it that bring a context of their own,
  // outermost first: in {{#items}}{{price}}{{/items}} of `price` it is
  // {"items"}. A name is looked for in the innermost, then outwards.
  std::vector<std::string> scopes;
  Place place;
  std::string excerpt;  // as of a Diagnostic
  // Its text is rendered; else it only decides what is rendered.
  bool is_text = false;
};

// More places or fields of one template are not told.
inline constexpr size_t kMaxUnsafePlaces = 100;
inline constexpr size_t kMaxFields = 2000;

// Where a template is walked in more ways than that, as one whose partials name
// each other is, what it reads is not told in full: operations walked, parents
// searched, fields read.
inline constexpr size_t kMaxFieldSteps = 500'000;

// What is to be known of a template before it is published.
struct Report {
  std::vector<Diagnostic> errors;
  std::vector<FieldRead> fields;      // each path and scope once
  std::vector<Place> unsafe;          // where {{{x}}} or {{&x}} stands
  std::vector<std::string> partials;  // that it is linked with, by name
};

class Program {
 public:
  // INVALID_ARGUMENT with all errors, each with place, line and caret.
  static absl::StatusOr<Program> Compile(
      std::string_view source, const CompileOptions& options = {},
      const Partials& partials = PartialMap());

  // Where the template and its partials write values that are not escaped, for
  // the log of who allows it.
  const std::vector<Place>& unsafe() const;

  // The names of the partials that it is linked with.
  std::vector<std::string> partials() const;

  // Of the template and its partials.
  size_t source_bytes() const;

  // Whether it has dynamic names, which choose among Partials::DynamicNames().
  bool dynamic() const;

  // Whether compiling would give the same program again: the template and all
  // partials are what they were. Of the options, name and SourceOptions are
  // compared.
  bool IsOf(std::string_view source, const CompileOptions& options,
            const Partials& partials) const;

  // The fields that it reads, its partials included; each path and scope once.
  // `steps` is set to what that has taken.
  std::vector<FieldRead> Fields(size_t* steps = nullptr) const;

  // For the engine itself (code.h).
  const std::shared_ptr<const Code>& shared_code() const { return code_; }

 private:
  explicit Program(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  friend Report Check(std::string_view source, const CompileOptions& options,
                      const Partials& partials);

  std::shared_ptr<const Code> code_;
};

// Compiles and reports all at once. The fields are there only when nothing is
// wrong.
Report Check(std::string_view source, const CompileOptions& options = {},
             const Partials& partials = PartialMap());

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_PROGRAM_H_
