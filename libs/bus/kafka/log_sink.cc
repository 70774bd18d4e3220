#include "bus/kafka/log_sink.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace millrace::bus::kafka {
namespace {

// librdkafka calls an error what it tries again by itself.
Severity SeverityOf(int level) {
  if (level <= 2) return Severity::kError;
  if (level <= 4) return Severity::kWarning;
  if (level <= 6) return Severity::kInfo;
  return Severity::kDebug;
}

}  // namespace

void LogSink::Write(int level, const char* facility, const char* text) {
  const Severity severity = SeverityOf(level);
  if (!logger_.Enabled(severity)) return;
  int suppressed = 0;
  if (!Admit(&suppressed)) return;
  if (suppressed > 0) {
    logger_.Warning("librdkafka logged more than is kept",
                    {{"suppressed", suppressed}});
  }
  const LogField fields[] = {{"facility", facility}, {"text", text}};
  logger_.Write(severity, "librdkafka", fields);
}

void LogSink::Callback(const rd_kafka_t* client, int level,
                       const char* facility, const char* text) {
  static_cast<LogSink*>(rd_kafka_opaque(client))->Write(level, facility, text);
}

bool LogSink::Admit(int* suppressed) {
  const absl::Time now = absl::Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (now - window_start_ >= kWindow) {
    *suppressed = std::max(0, lines_ - kLines);
    window_start_ = now;
    lines_ = 0;
  }
  return ++lines_ <= kLines;
}

}  // namespace millrace::bus::kafka
