#include "contract/derived.h"

#include <string>
#include <vector>

#include "base/strings.h"
#include "base/suggest.h"
#include "contract/errors.h"

namespace millrace::derived {

absl::Status ApplyMask(
    const google::protobuf::FieldMask& mask, std::string_view message,
    std::initializer_list<std::string_view> fields,
    absl::FunctionRef<bool(std::string_view path, bool assign)> visit) {
  std::vector<FieldViolation> violations;
  for (const std::string& path : mask.paths()) {
    if (path == "*" || visit(path, false)) continue;
    const std::vector<std::string> names(fields.begin(), fields.end());
    violations.push_back(
        {"update_mask", StrCat("'", path, "' is no field of ", message,
                               DidYouMean(path, names))});
  }
  if (!violations.empty()) return InvalidArgument(violations);
  for (const std::string& path : mask.paths()) {
    if (path != "*") {
      visit(path, true);
      continue;
    }
    for (const std::string_view field : fields) visit(field, true);
  }
  return absl::OkStatus();
}

}  // namespace millrace::derived
