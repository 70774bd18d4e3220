#include "runtime/loop_metrics.h"

#include <utility>

#include "base/histogram.h"
#include "base/strings.h"
#include "loop/live_handles.h"
#include "loop/loop_lag.h"

namespace millrace::runtime {
namespace {

constexpr int64_t kWindowMs = 60'000;

double Seconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

// Three gauges of what a histogram took in lately: since a snapshot that is one
// to two windows old.
class LoopMetrics::Window {
 public:
  Window(const LatencyHistogram& histogram, Metrics& metrics,
         const std::string& name, const std::string& what,
         const Metrics::Labels& labels)
      : histogram_(histogram),
        p50_(metrics.AddGauge(StrCat(name, "_p50_seconds"),
                              StrCat(what, ", the median."), labels)),
        p99_(metrics.AddGauge(StrCat(name, "_p99_seconds"),
                              StrCat(what, ", 99 of 100."), labels)),
        max_(metrics.AddGauge(StrCat(name, "_max_seconds"),
                              StrCat(what, ", the longest."), labels)) {}

  void Update(int64_t now_ms) {
    LatencyHistogram::Snapshot now = histogram_.snapshot();
    const LatencyHistogram::Snapshot lately = now.Since(oldest_);
    p50_.Set(Seconds(lately.Quantile(0.5)));
    p99_.Set(Seconds(lately.Quantile(0.99)));
    max_.Set(Seconds(lately.max()));
    if (now_ms - turned_ms_ < kWindowMs) return;
    turned_ms_ = now_ms;
    oldest_ = std::exchange(newer_, std::move(now));
  }

 private:
  const LatencyHistogram& histogram_;
  Gauge& p50_;
  Gauge& p99_;
  Gauge& max_;
  LatencyHistogram::Snapshot oldest_;
  LatencyHistogram::Snapshot newer_;
  int64_t turned_ms_ = 0;
};

LoopMetrics::LoopMetrics(EventLoop& loop, std::string name, Metrics& metrics)
    : loop_(loop), name_(std::move(name)), metrics_(metrics) {
  const LoopLag& lag = MeasureLag(loop);
  const auto add = [&](const LatencyHistogram& histogram,
                       const std::string& metric, const std::string& what,
                       const std::string& label, const std::string& value) {
    windows_.push_back(std::make_unique<Window>(
        histogram, metrics, metric, what,
        Metrics::Labels{{"loop", name_}, {label, value}}));
  };
  const auto lateness = [&](const LatencyHistogram& histogram,
                            const std::string& kind) {
    add(histogram, "millrace_loop_lag",
        "How late the loop ran timers and posted tasks", "kind", kind);
  };
  const auto phase = [&](const LatencyHistogram& histogram,
                         const std::string& name) {
    add(histogram, "millrace_loop_phase",
        "How long the callbacks of a phase took in a turn", "phase", name);
  };
  lateness(lag.timer_late, "timer");
  lateness(lag.post_wait, "post");
  phase(lag.timers, "timers");
  phase(lag.poll, "poll");
  phase(lag.check, "check");
  phase(lag.close, "close");
}

LoopMetrics::~LoopMetrics() = default;

void LoopMetrics::Update() {
  for (const auto& window : windows_) window->Update(loop_.TimeMs());
  UpdateHandles();
}

void LoopMetrics::UpdateHandles() {
  std::map<std::string, int64_t> counts;
  for (const auto& [kind, gauge] : handles_) counts[kind] = 0;
  for (const LiveHandle& handle : LiveHandles(loop_)) {
    counts[handle.kind] += handle.count;
  }
  for (const auto& [kind, count] : counts) {
    Gauge*& gauge = handles_[kind];
    if (gauge == nullptr) {
      gauge = &metrics_.AddGauge("millrace_loop_handles",
                                 "What is open or waits on the loop.",
                                 {{"loop", name_}, {"kind", kind}});
    }
    gauge->Set(static_cast<double>(count));
  }
}

}  // namespace millrace::runtime
