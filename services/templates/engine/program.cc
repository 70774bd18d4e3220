#include "services/templates/engine/program.h"

#include <algorithm>
#include <utility>

#include "services/templates/engine/code.h"
#include "services/templates/engine/link.h"

namespace millrace::templates {

absl::StatusOr<Program> Program::Compile(std::string_view source,
                                         const CompileOptions& options,
                                         const Partials& partials) {
  Linker linker(options, partials);
  std::shared_ptr<const Code> code = linker.Link(source);
  if (!linker.errors().empty()) return ToStatus(linker.errors());
  return Program(std::move(code));
}

const std::vector<Place>& Program::unsafe() const { return code_->unsafe; }

std::vector<std::string> Program::partials() const {
  std::vector<std::string> names;
  for (size_t i = 1; i < code_->sources.size(); ++i) {
    names.push_back(code_->sources[i].name);
  }
  return names;
}

Report Check(std::string_view source, const CompileOptions& options,
             const Partials& partials) {
  Linker linker(options, partials);
  const Program program(linker.Link(source));
  Report report;
  report.errors = std::move(linker.errors());
  report.unsafe = program.unsafe();
  report.partials = program.partials();
  if (report.errors.empty()) report.fields = program.Fields();
  return report;
}

}  // namespace millrace::templates
