// The Logger of a process: one JSON object per line on stderr, written by a
// thread of its own (log_writer.h) so that a slow reader cannot hold the loop
// up. When 8192 lines wait, the oldest are dropped and counted.
//
//   {"ts":"2024-05-01T10:00:00.123456Z","level":"info","msg":"ready",
//    "env":"production","service":"users","trace_id":"...",...}
//
// Any thread. What must not be seen is not logged: messages are fixed
// sentences, and whoever logs keeps secrets out of the fields.
#ifndef MILLRACE_RUNTIME_LOGS_H_
#define MILLRACE_RUNTIME_LOGS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/logger.h"

namespace millrace::runtime {

struct LogOptions {
  Severity level = Severity::kInfo;
  std::string environment;
};

// "debug", "info", "warning" or "error".
Severity SeverityOf(std::string_view name);
std::string_view NameOf(Severity severity);

// One line, without the end of line. Bytes that are not UTF-8 become U+FFFD.
// `fixed` is a piece of JSON such as `,"service":"users"`, or empty.
std::string FormatLogLine(absl::Time time, Severity severity,
                          std::string_view message, std::string_view fixed,
                          absl::Span<const LogField> fields);

// `text` as a JSON string, with its quotes.
std::string JsonText(std::string_view text);

class Logs {
 public:
  explicit Logs(LogOptions options);
  // Writes what waits.
  ~Logs();
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  // A logger whose lines carry "service". Lives as long as the Logs.
  Logger& ForService(const std::string& service);

  // Of every service, from the next line on; also of those that have no logger
  // yet.
  void SetLevel(Severity level);
  // Of one, until the next SetLevel() for all. Makes its logger.
  void SetLevel(const std::string& service, Severity level);
  // By service, of those that have a logger.
  std::map<std::string, Severity> levels() const;

  // Writes what waits; what is logged afterwards is lost. For the way to
  // _exit(), which runs no destructors.
  void Close();

  // Lines dropped because too many waited.
  uint64_t dropped() const;

 private:
  struct Impl;
  class ServiceLogger;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_LOGS_H_
