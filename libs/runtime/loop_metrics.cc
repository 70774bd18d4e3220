#include "runtime/loop_metrics.h"

#include <functional>
#include <utility>

#include "base/histogram.h"
#include "base/strings.h"
#include "loop/live_handles.h"
#include "loop/loop_lag.h"
#include "loop/worker_pool.h"

namespace millrace::runtime {
namespace {

constexpr int64_t kWindowMs = 60'000;

double Seconds(uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

// Three gauges of what a histogram took in lately: since a snapshot that is one
// to two windows old.
class LoopMetrics::Window {
 public:
  using Read = std::function<LatencyHistogram::Snapshot()>;

  // `brief` is for times().
  Window(Read read, std::string brief, Metrics& metrics,
         const std::string& name, const std::string& what,
         const Metrics::Labels& labels)
      : read_(std::move(read)),
        p50_(metrics.AddGauge(StrCat(name, "_p50_seconds"),
                              StrCat(what, ", the median."), labels)),
        p99_(metrics.AddGauge(StrCat(name, "_p99_seconds"),
                              StrCat(what, ", 99 of 100."), labels)),
        max_(metrics.AddGauge(StrCat(name, "_max_seconds"),
                              StrCat(what, ", the longest."), labels)) {
    times_.what = std::move(brief);
  }

  // Returns what the histogram has taken in since it exists.
  LatencyHistogram::Snapshot Update(int64_t now_ms) {
    LatencyHistogram::Snapshot now = read_();
    const LatencyHistogram::Snapshot lately = now.Since(oldest_);
    times_.count = lately.count();
    times_.p50 = Seconds(lately.Quantile(0.5));
    times_.p99 = Seconds(lately.Quantile(0.99));
    times_.max = Seconds(lately.max());
    p50_.Set(times_.p50);
    p99_.Set(times_.p99);
    max_.Set(times_.max);
    if (now_ms - turned_ms_ >= kWindowMs) {
      turned_ms_ = now_ms;
      oldest_ = std::exchange(newer_, now);
    }
    return now;
  }

  const Times& times() const { return times_; }

 private:
  const Read read_;
  Times times_;
  Gauge& p50_;
  Gauge& p99_;
  Gauge& max_;
  LatencyHistogram::Snapshot oldest_;
  LatencyHistogram::Snapshot newer_;
  int64_t turned_ms_ = 0;
};

// What the jobs of the loop's pool wait for a thread, and what they take.
class LoopMetrics::Workers {
 public:
  Workers(const WorkerPool& pool, Metrics& metrics,
          const Metrics::Labels& labels)
      : pool_(pool),
        wait_([&pool] { return pool.wait_times(); }, "worker wait", metrics,
              "millrace_loop_worker_wait",
              "How long jobs waited for a thread of the worker pool", labels),
        run_([&pool] { return pool.run_times(); }, "worker run", metrics,
             "millrace_loop_worker_run",
             "How long jobs ran on a thread of the worker pool", labels),
        wait_total_(metrics.AddCounter(
            "millrace_loop_worker_wait_seconds_total",
            "How long all jobs together waited for a thread.", labels)),
        run_total_(metrics.AddCounter("millrace_loop_worker_run_seconds_total",
                                      "How long all jobs together ran.",
                                      labels)),
        jobs_(metrics.AddCounter("millrace_loop_worker_jobs_total",
                                 "Jobs that the worker pool has run.", labels)),
        queued_(metrics.AddGauge("millrace_loop_worker_queued_jobs",
                                 "Jobs that wait for a thread.", labels)) {}

  void AddTimes(std::vector<Times>& out) const {
    out.push_back(wait_.times());
    out.push_back(run_.times());
  }

  void Update(int64_t now_ms) {
    const LatencyHistogram::Snapshot wait = wait_.Update(now_ms);
    const LatencyHistogram::Snapshot run = run_.Update(now_ms);
    wait_total_.Add(Seconds(wait.Since(told_wait_).sum()));
    const LatencyHistogram::Snapshot news = run.Since(told_run_);
    run_total_.Add(Seconds(news.sum()));
    jobs_.Add(static_cast<double>(news.count()));
    queued_.Set(static_cast<double>(pool_.queued()));
    told_wait_ = wait;
    told_run_ = run;
  }

 private:
  const WorkerPool& pool_;
  Window wait_;
  Window run_;
  Counter& wait_total_;
  Counter& run_total_;
  Counter& jobs_;
  Gauge& queued_;
  LatencyHistogram::Snapshot told_wait_;  // is in the counters
  LatencyHistogram::Snapshot told_run_;
};

LoopMetrics::LoopMetrics(EventLoop& loop, std::string name, Metrics& metrics)
    : loop_(loop), name_(std::move(name)), metrics_(metrics) {
  const LoopLag& lag = MeasureLag(loop);
  const auto add = [&](const LatencyHistogram& histogram,
                       const std::string& metric, const std::string& what,
                       const std::string& label, const std::string& value,
                       const std::string& suffix) {
    windows_.push_back(std::make_unique<Window>(
        [&histogram] { return histogram.snapshot(); }, StrCat(value, suffix),
        metrics, metric, what,
        Metrics::Labels{{"loop", name_}, {label, value}}));
  };
  const auto lateness = [&](const LatencyHistogram& histogram,
                            const std::string& kind) {
    add(histogram, "millrace_loop_lag",
        "How late the loop ran timers and posted tasks", "kind", kind, " late");
  };
  const auto phase = [&](const LatencyHistogram& histogram,
                         const std::string& name) {
    add(histogram, "millrace_loop_phase",
        "How long the callbacks of a phase took in a turn", "phase", name, "");
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
  const WorkerPool* const pool = loop_.used_workers();
  if (workers_ == nullptr && pool != nullptr) {
    workers_ = std::make_unique<Workers>(*pool, metrics_,
                                         Metrics::Labels{{"loop", name_}});
  }
  if (workers_ != nullptr) workers_->Update(loop_.TimeMs());
  UpdateHandles();
}

std::vector<LoopMetrics::Times> LoopMetrics::times() const {
  std::vector<Times> times;
  for (const auto& window : windows_) times.push_back(window->times());
  if (workers_ != nullptr) workers_->AddTimes(times);
  return times;
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
