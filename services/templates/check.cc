#include "services/templates/check.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "services/templates/data_type.h"
#include "services/templates/engine/check_fields.h"
#include "services/templates/stored_partials.h"

namespace millrace::templates {
namespace {

void CheckData(const TemplateVersion& version, Findings& findings) {
  if (version.data_type.empty()) return;
  const auto type = FindDataType(version.data_type);
  if (!type.ok()) {
    findings.problems.push_back(
        {.place = {.template_name = version.name},
         .message = StrCat("data type: ", MessageOf(type.status())),
         .excerpt = ""});
    return;
  }
  for (Diagnostic& wrong : CheckFields(findings.fields, **type)) {
    findings.problems.push_back(std::move(wrong));
  }
}

}  // namespace

Findings CheckVersion(store::Tx& tx, const TemplateVersion& version) {
  const StoredPartials partials(tx, version);
  CompileOptions options = OptionsFor(version);
  Report report = Check(version.body, options, partials);
  Findings findings;
  findings.problems = std::move(report.errors);
  if (!findings.problems.empty()) {
    // When it is only that partials are missing, the fields of what is there
    // can be told, too.
    options.require_partials = false;
    report = Check(version.body, options, partials);
  }
  findings.fields = std::move(report.fields);
  findings.partials = std::move(report.partials);
  CheckData(version, findings);
  return findings;
}

void RequireSound(store::Tx& tx, const TemplateVersion& version) {
  const Findings findings = CheckVersion(tx, version);
  if (findings.problems.empty()) return;
  Throw(absl::FailedPreconditionError(
      StrCat("version ", version.version, " of ",
             Describe(version.name, version.locale),
             " cannot be published; correct a draft and publish that:\n",
             MessageOf(ToStatus(findings.problems)))));
}

}  // namespace millrace::templates
