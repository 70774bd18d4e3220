#include "runtime/logs.h"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "runtime/log_writer.h"

namespace millrace::runtime {
namespace {

constexpr size_t kQueueLines = 8192;

// A member of the line that is the same on all of them, or nothing.
std::string Member(std::string_view key, std::string_view value) {
  if (value.empty()) return "";
  const LogField field(key, value);
  const std::string line =
      FormatLogLine(absl::UnixEpoch(), Severity::kInfo, "", "", {&field, 1});
  const size_t start = line.find(StrCat(",\"", key, "\":"));
  return line.substr(start, line.size() - start - 1);
}

}  // namespace

class Logs::ServiceLogger final : public Logger {
 public:
  ServiceLogger(LogWriter& writer, Severity level, std::string fixed)
      : writer_(writer), level_(level), fixed_(std::move(fixed)) {}

  bool Enabled(Severity severity) const override { return severity >= level(); }

  void SetLevel(Severity level) { level_.store(level, kRelaxed); }
  Severity level() const { return level_.load(kRelaxed); }

  void Write(Severity severity, std::string_view message,
             absl::Span<const LogField> fields) override {
    writer_.Write(
        FormatLogLine(absl::Now(), severity, message, fixed_, fields));
  }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;

  LogWriter& writer_;
  std::atomic<Severity> level_;
  const std::string fixed_;
};

struct Logs::Impl {
  explicit Impl(LogOptions given)
      : environment(std::move(given.environment)),
        writer(STDERR_FILENO, kQueueLines),
        level(given.level) {}

  // Under the mutex.
  ServiceLogger& Of(const std::string& service) {
    std::unique_ptr<ServiceLogger>& logger = loggers[service];
    if (logger == nullptr) {
      logger = std::make_unique<ServiceLogger>(
          writer, level,
          Member("env", environment) + Member("service", service));
    }
    return *logger;
  }

  const std::string environment;
  LogWriter writer;
  std::mutex mutex;
  Severity level;  // of loggers to come
  std::map<std::string, std::unique_ptr<ServiceLogger>> loggers;
};

Logs::Logs(LogOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

Logs::~Logs() = default;

Logger& Logs::ForService(const std::string& service) {
  std::lock_guard lock(impl_->mutex);
  return impl_->Of(service);
}

void Logs::SetLevel(Severity level) {
  std::lock_guard lock(impl_->mutex);
  impl_->level = level;
  for (const auto& [service, logger] : impl_->loggers) logger->SetLevel(level);
}

void Logs::SetLevel(const std::string& service, Severity level) {
  std::lock_guard lock(impl_->mutex);
  impl_->Of(service).SetLevel(level);
}

std::map<std::string, Severity> Logs::levels() const {
  std::lock_guard lock(impl_->mutex);
  std::map<std::string, Severity> levels;
  for (const auto& [service, logger] : impl_->loggers) {
    levels.emplace(service, logger->level());
  }
  return levels;
}

uint64_t Logs::dropped() const { return impl_->writer.dropped(); }

void Logs::Close() { impl_->writer.Close(); }

}  // namespace millrace::runtime
