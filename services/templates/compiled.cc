#include "services/templates/compiled.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/renderer.h"
#include "services/templates/stored_partials.h"

namespace millrace::templates {

CompiledTemplate::CompiledTemplate(Parts parts)
    : parts_(std::make_shared<const Parts>(std::move(parts))) {}

absl::StatusOr<CompiledTemplate> CompiledTemplate::Compile(
    store::Tx& tx, TemplateVersion version, ProgramCache& programs) {
  auto program = programs.Compile(version.body, OptionsFor(version),
                                  StoredPartials(tx, version));
  if (!program.ok()) return program.status();
  version.body = std::string();  // the program has a copy
  Parts parts = {.version = std::move(version), .program = *std::move(program)};
  return CompiledTemplate(std::move(parts));
}

CompiledTemplate CompiledTemplate::CompileStored(store::Tx& tx,
                                                 TemplateVersion version,
                                                 ProgramCache& programs) {
  const std::string what = StrCat("version ", version.version, " of ",
                                  Describe(version.name, version.locale));
  auto compiled = Compile(tx, std::move(version), programs);
  if (!compiled.ok()) {
    Throw(absl::FailedPreconditionError(
        StrCat(what,
               " does not compile any more; correct what it names, publish a "
               "corrected version, or roll back:\n",
               MessageOf(compiled.status()))));
  }
  return *std::move(compiled);
}

absl::StatusOr<std::string> CompiledTemplate::Render(
    const google::protobuf::Message& data) const {
  Document document;
  const absl::Status read = document.ReadMessage(data);
  if (!read.ok()) return read;
  return templates::Render(program(), document);
}

bool CompiledTemplate::DependsOn(std::string_view name) const {
  if (name == version().name) return true;
  const std::vector<std::string> partials = program().partials();
  return std::find(partials.begin(), partials.end(), name) != partials.end() ||
         (program().dynamic() && IsDynamicNameOf(version().name, name));
}

absl::Status CheckBody(const TemplateVersion& version) {
  CompileOptions options = OptionsFor(version);
  options.require_partials = false;
  options.allow_unsafe = true;
  return Program::Compile(version.body, options).status();
}

std::vector<Place> UnsafePlaces(const TemplateVersion& version) {
  CompileOptions options = OptionsFor(version);
  options.require_partials = false;
  options.allow_unsafe = true;
  return Check(version.body, options).unsafe;
}

}  // namespace millrace::templates
