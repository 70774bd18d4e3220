#include "runtime/test_support.h"

#include "base/strings.h"

namespace millrace::runtime {

void MemoryLogger::Write(Severity severity, std::string_view message,
                         absl::Span<const LogField> fields) {
  Line line;
  line["msg"] = message;
  line["severity"] = StrCat(static_cast<int>(severity));
  for (const LogField& field : fields) {
    line[std::string(field.key)] = std::visit(
        [](const auto& value) { return StrCat(value); }, field.value);
  }
  lines.push_back(std::move(line));
}

}  // namespace millrace::runtime
