#include "base/logger.h"

namespace millrace {

void Logger::Debug(std::string_view message, Fields fields) {
  if (Enabled(Severity::kDebug)) Write(Severity::kDebug, message, fields);
}

void Logger::Info(std::string_view message, Fields fields) {
  if (Enabled(Severity::kInfo)) Write(Severity::kInfo, message, fields);
}

void Logger::Warning(std::string_view message, Fields fields) {
  if (Enabled(Severity::kWarning)) Write(Severity::kWarning, message, fields);
}

void Logger::Error(std::string_view message, Fields fields) {
  if (Enabled(Severity::kError)) Write(Severity::kError, message, fields);
}

}  // namespace millrace
