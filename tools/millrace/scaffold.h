// What `millrace new` writes: the service of scaffold/template/ under another
// name. Pure, but for WriteScaffold().
#ifndef MILLRACE_TOOLS_MILLRACE_SCAFFOLD_H_
#define MILLRACE_TOOLS_MILLRACE_SCAFFOLD_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace::cli {

// A service, which is named after what it has many of, in the forms in which
// its files have that.
struct ServiceName {
  std::string plural;         // purchase_orders
  std::string singular;       // purchase_order
  std::string plural_type;    // PurchaseOrders
  std::string singular_type;  // PurchaseOrder
};

// `name` in snake or kebab case, in the plural; `singular` is worked out when
// it is empty. INVALID_ARGUMENT says what is wrong with which of them and what
// to write instead.
absl::StatusOr<ServiceName> ParseServiceName(std::string_view name,
                                             std::string_view singular);

// A file of the template, or of a service.
struct ScaffoldFile {
  std::string path;  // below the service's folder
  std::string text;
};

// The template, as the program carries it.
std::vector<ScaffoldFile> TemplateFiles();

// The same for a service.
std::vector<ScaffoldFile> FillTemplate(const ServiceName& name);

// Writes the files of a service into `folder`, which is made unless it is there
// and empty. ALREADY_EXISTS when something is in it, else what the file system
// says; what was written before stays.
absl::Status WriteScaffold(const ServiceName& name,
                           const std::filesystem::path& folder);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_SCAFFOLD_H_
