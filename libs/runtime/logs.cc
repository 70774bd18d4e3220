#include "runtime/logs.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "base/strings.h"

namespace millrace::runtime {
namespace {

constexpr size_t kQueueLines = 8192;

spdlog::level::level_enum LevelOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return spdlog::level::debug;
    case Severity::kInfo:
      return spdlog::level::info;
    case Severity::kWarning:
      return spdlog::level::warn;
    case Severity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

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
  ServiceLogger(spdlog::logger& target, Severity level, std::string fixed)
      : target_(target), level_(level), fixed_(std::move(fixed)) {}

  bool Enabled(Severity severity) const override { return severity >= level(); }

  void SetLevel(Severity level) { level_.store(level, kRelaxed); }
  Severity level() const { return level_.load(kRelaxed); }

  void Write(Severity severity, std::string_view message,
             absl::Span<const LogField> fields) override {
    const std::string line =
        FormatLogLine(absl::Now(), severity, message, fixed_, fields);
    target_.log(LevelOf(severity), spdlog::string_view_t(line));
  }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;

  spdlog::logger& target_;
  std::atomic<Severity> level_;
  const std::string fixed_;
};

struct Logs::Impl {
  explicit Impl(LogOptions given)
      : environment(std::move(given.environment)),
        pool(std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1)),
        target(std::make_shared<spdlog::async_logger>(
            "", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool,
            spdlog::async_overflow_policy::overrun_oldest)),
        level(given.level) {
    target->set_level(spdlog::level::trace);
    target->set_pattern("%v");
  }

  // Under the mutex.
  ServiceLogger& Of(const std::string& service) {
    std::unique_ptr<ServiceLogger>& logger = loggers[service];
    if (logger == nullptr) {
      logger = std::make_unique<ServiceLogger>(
          *target, level,
          Member("env", environment) + Member("service", service));
    }
    return *logger;
  }

  const std::string environment;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  const std::shared_ptr<spdlog::async_logger> target;
  std::mutex mutex;
  Severity level;  // of loggers to come
  std::map<std::string, std::unique_ptr<ServiceLogger>> loggers;
};

Logs::Logs(LogOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

// The pool's destructor writes what is queued before it joins.
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

uint64_t Logs::dropped() const {
  return impl_->pool == nullptr ? 0 : impl_->pool->overrun_counter();
}

// Loggers keep only a weak reference: the last one makes the thread write
// everything and end.
void Logs::Close() { impl_->pool.reset(); }

}  // namespace millrace::runtime
