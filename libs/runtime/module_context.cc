#include "runtime/module_context.h"

#include "base/status.h"
#include "base/strings.h"

namespace millrace::runtime {

ModuleContext::ModuleContext(
    Parts parts, std::vector<std::pair<const ServiceInfo*, Source>> needs)
    : parts_(std::move(parts)), needs_(std::move(needs)) {}

ModuleContext::~ModuleContext() = default;

store::Database& ModuleContext::database() {
  if (parts_.database != nullptr) return *parts_.database;
  Throw(absl::FailedPreconditionError(
      StrCat("module ", parts_.module,
             " has no database; name its schema in Migrations()")));
}

bus::Outbox& ModuleContext::outbox() {
  if (parts_.outbox != nullptr) return *parts_.outbox;
  Throw(absl::FailedPreconditionError(
      StrCat("module ", parts_.module, " has no outbox, which needs a ",
             "database; name its schema in Migrations()")));
}

const ModuleContext::Source& ModuleContext::SourceOf(
    const ServiceInfo& info) const {
  for (const auto& [need, source] : needs_) {
    if (need->full_name == info.full_name) return source;
  }
  Throw(absl::FailedPreconditionError(
      StrCat("module ", parts_.module, " asks for ", info.full_name,
             ", which it does not name in Needs()")));
}

}  // namespace millrace::runtime
