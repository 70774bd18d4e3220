// What is wrong with a template, and where.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_DIAGNOSTIC_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_DIAGNOSTIC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace millrace::templates {

// Lines and columns count from 1; columns count characters.
struct Place {
  std::string template_name;
  int line = 1;
  int column = 1;
};

struct Diagnostic {
  Place place;
  std::string message;
  std::string excerpt;  // the line, and below it a caret at the column

  // "welcome:3:14: message", and the excerpt on the lines below.
  std::string ToString() const;
};

Place PlaceOf(std::string_view template_name, std::string_view source,
              size_t offset);

// `offset` is in `source`, or its end.
Diagnostic MakeDiagnostic(std::string_view template_name,
                          std::string_view source, size_t offset,
                          std::string message);

// INVALID_ARGUMENT with all of them, one below the other; OK when there is
// none.
absl::Status ToStatus(const std::vector<Diagnostic>& diagnostics);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_DIAGNOSTIC_H_
