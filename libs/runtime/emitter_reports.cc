#include "runtime/emitter_reports.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace millrace::runtime {
namespace {

constexpr absl::Duration kPause = absl::Minutes(1);

class Probe final : public ListenerProbe {
 public:
  Probe(std::unique_ptr<ListenerProbe> metrics, const ListenerInfo& info,
        Logger& logger, const Clock& clock)
      : metrics_(std::move(metrics)),
        emitter_(info.emitter),
        event_(info.event),
        listener_(info.listener),
        budget_(info.budget),
        logger_(logger),
        clock_(clock) {}

  void OnListenerDone(absl::Duration took) override {
    metrics_->OnListenerDone(took);
  }

  void OnOverBudget(absl::Duration took) override {
    metrics_->OnOverBudget(took);
    int64_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      ++count_;
      const absl::Time now = clock_.Now();
      if (now < next_) return;
      next_ = now + kPause;
      count = std::exchange(count_, 0);
    }
    logger_.Warning("a listener took longer than its budget",
                    {{"emitter", std::string_view(emitter_)},
                     {"event", std::string_view(event_)},
                     {"listener", std::string_view(listener_)},
                     {"took_ms", absl::ToDoubleMilliseconds(took)},
                     {"budget_ms", absl::ToDoubleMilliseconds(budget_)},
                     {"times", count}});
  }

 private:
  const std::unique_ptr<ListenerProbe> metrics_;
  const std::string emitter_, event_, listener_;
  const absl::Duration budget_;
  Logger& logger_;
  const Clock& clock_;
  std::mutex mutex_;  // a listener may run on several threads of the pool
  int64_t count_ = 0;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace

std::unique_ptr<ListenerProbe> EmitterReports::Watch(const ListenerInfo& info) {
  return std::make_unique<Probe>(metrics_.Watch(info), info, logger_, clock_);
}

}  // namespace millrace::runtime
