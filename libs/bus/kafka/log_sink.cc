#include "bus/kafka/log_sink.h"

#include <algorithm>
#include <string_view>

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

// Said of a setting of ours, each time a producer is made.
bool IsKnown(std::string_view facility, std::string_view text) {
  return facility == "CONFWARN" &&
         text.find("enable.gapless.guarantee") != std::string_view::npos;
}

}  // namespace

void LogSink::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  logger_ = nullptr;
}

void LogSink::Write(int level, const char* facility, const char* text) {
  const Severity severity = SeverityOf(level);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (logger_ == nullptr || !logger_->Enabled(severity) ||
      IsKnown(facility, text)) {
    return;
  }
  int suppressed = 0;
  if (!Admit(&suppressed)) return;
  if (suppressed > 0) {
    logger_->Warning("librdkafka logged more than is kept",
                     {{"suppressed", suppressed}});
  }
  const LogField fields[] = {{"facility", facility}, {"text", text}};
  logger_->Write(severity, "librdkafka", fields);
}

void LogSink::Callback(const rd_kafka_t* client, int level,
                       const char* facility, const char* text) {
  static_cast<LogSink*>(rd_kafka_opaque(client))->Write(level, facility, text);
}

bool LogSink::Admit(int* suppressed) {
  const absl::Time now = absl::Now();
  if (now - window_start_ >= kWindow) {
    *suppressed = std::max(0, lines_ - kLines);
    window_start_ = now;
    lines_ = 0;
  }
  return ++lines_ <= kLines;
}

}  // namespace millrace::bus::kafka
