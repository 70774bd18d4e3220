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

size_t Program::source_bytes() const {
  size_t bytes = 0;
  for (const Source& source : code_->sources) bytes += source.text.size;
  return bytes;
}

bool Program::dynamic() const {
  return std::any_of(code_->ops.begin(), code_->ops.end(), [](const Op& op) {
    return (op.code == OpCode::kPartial || op.code == OpCode::kParent) &&
           (op.flags & kDynamic) != 0;
  });
}

bool Program::IsOf(std::string_view source, const CompileOptions& options,
                   const Partials& partials) const {
  const Source& root = code_->sources.front();
  const SourceOptions& own = options;
  if (root.name != options.name || root.options != own ||
      code_->View(root.text) != source) {
    return false;
  }
  for (size_t i = 1; i < code_->sources.size(); ++i) {
    const Source& partial = code_->sources[i];
    if (partials.Find(partial.name) != code_->View(partial.text) ||
        partials.OptionsOf(partial.name).value_or(own) != partial.options) {
      return false;
    }
  }
  if (!dynamic()) return true;
  const std::vector<std::string> linked = this->partials();
  const std::vector<std::string> names = partials.DynamicNames();
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return name.empty() ||  // no tag can name it
           std::find(linked.begin(), linked.end(), name) != linked.end();
  });
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
