// A template made ready to be rendered, with its partials.
//
// Copies share the program, which any thread may render.
#ifndef MILLRACE_SERVICES_TEMPLATES_COMPILED_H_
#define MILLRACE_SERVICES_TEMPLATES_COMPILED_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/templates/domain.h"
#include "services/templates/engine/program.h"
#include "services/templates/program_cache.h"
#include "store/transaction.h"

namespace millrace::templates {

class CompiledTemplate {
 public:
  // With the partials that are published. Inside a transaction, on its worker
  // thread. INVALID_ARGUMENT with name, line and column of all that is wrong.
  static absl::StatusOr<CompiledTemplate> Compile(store::Tx& tx,
                                                  TemplateVersion version,
                                                  ProgramCache& programs);

  // The same of a version that is stored, and was right when it was: what is
  // wrong now is thrown as FAILED_PRECONDITION.
  static CompiledTemplate CompileStored(store::Tx& tx, TemplateVersion version,
                                        ProgramCache& programs);

  // All at once, on a worker thread: see rendering.h. RESOURCE_EXHAUSTED past
  // the engine's bounds.
  absl::StatusOr<std::string> Render(
      const google::protobuf::Message& data) const;

  // Whether it may be another when the template of this name, in whichever
  // locale, changes.
  bool DependsOn(std::string_view name) const;

  // Without its body.
  const TemplateVersion& version() const { return parts_->version; }
  const Program& program() const { return *parts_->program; }
  // Of the sources, as a measure of what it holds.
  size_t bytes() const { return parts_->program->source_bytes(); }

 private:
  struct Parts {
    TemplateVersion version;
    std::shared_ptr<const Program> program;
  };

  explicit CompiledTemplate(Parts parts);

  std::shared_ptr<const Parts> parts_;
};

// INVALID_ARGUMENT when the body itself is wrong, whatever its partials are and
// whatever is allowed.
absl::Status CheckBody(const TemplateVersion& version);

// Where the body itself has values that are not escaped.
std::vector<Place> UnsafePlaces(const TemplateVersion& version);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_COMPILED_H_
