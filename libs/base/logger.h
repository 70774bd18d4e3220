// The interface of structured logging. Whoever logs is handed a Logger; the
// runtime's writes JSON lines. Any thread may log.
#ifndef MILLRACE_BASE_LOGGER_H_
#define MILLRACE_BASE_LOGGER_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "absl/types/span.h"

namespace millrace {

enum class Severity { kDebug, kInfo, kWarning, kError };

// One key and value of a line. Views: they live as long as the call.
struct LogField {
  using Value = std::variant<std::string_view, int64_t, double, bool>;

  LogField(std::string_view key, std::string_view value)
      : key(key), value(value) {}
  LogField(std::string_view key, const char* value)
      : key(key), value(std::string_view(value)) {}
  LogField(std::string_view key, bool value) : key(key), value(value) {}
  template <std::integral T>
  LogField(std::string_view key, T value)
      : key(key), value(static_cast<int64_t>(value)) {}
  template <std::floating_point T>
  LogField(std::string_view key, T value)
      : key(key), value(static_cast<double>(value)) {}

  std::string_view key;
  Value value;
};

class Logger {
 public:
  virtual ~Logger() = default;

  // Whether a line of this severity would be written.
  virtual bool Enabled(Severity severity) const = 0;
  // `message` is a fixed sentence; what varies goes into `fields`. The ids of
  // a trace go under "trace_id" and "span_id".
  virtual void Write(Severity severity, std::string_view message,
                     absl::Span<const LogField> fields) = 0;

  using Fields = std::initializer_list<LogField>;
  void Debug(std::string_view message, Fields fields = {});
  void Info(std::string_view message, Fields fields = {});
  void Warning(std::string_view message, Fields fields = {});
  void Error(std::string_view message, Fields fields = {});
};

// Writes nothing.
class NullLogger final : public Logger {
 public:
  bool Enabled(Severity) const override { return false; }
  void Write(Severity, std::string_view, absl::Span<const LogField>) override {}
};

}  // namespace millrace

#endif  // MILLRACE_BASE_LOGGER_H_
