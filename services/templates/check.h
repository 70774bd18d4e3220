// Everything that is wrong with a template, at once: what CheckTemplate answers
// and Publish insists on.
#ifndef MILLRACE_SERVICES_TEMPLATES_CHECK_H_
#define MILLRACE_SERVICES_TEMPLATES_CHECK_H_

#include <string>
#include <vector>

#include "services/templates/domain.h"
#include "services/templates/engine/program.h"
#include "store/transaction.h"

namespace millrace::templates {

struct Findings {
  std::vector<Diagnostic> problems;   // none: it can be published
  std::vector<FieldRead> fields;      // unless it does not compile
  std::vector<std::string> partials;  // by name
};

// What does not compile, partials that are not published, and fields that its
// data type does not have. Inside a transaction, on its worker thread.
Findings CheckVersion(store::Tx& tx, const TemplateVersion& version);

// Throws FAILED_PRECONDITION, with all of the problems, unless there is none.
void RequireSound(store::Tx& tx, const TemplateVersion& version);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_CHECK_H_
