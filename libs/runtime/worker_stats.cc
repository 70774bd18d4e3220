#include "runtime/worker_stats.h"

#include <string>
#include <utility>

namespace millrace::runtime {
namespace {

double Seconds(uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

WorkerStats::Times::Times(Metrics& metrics, const std::string& name,
                          const std::string& what, const std::string& loop)
    : median_(
          metrics.AddGauge(name, what, {{"loop", loop}, {"quantile", "0.5"}})),
      p99_(
          metrics.AddGauge(name, what, {{"loop", loop}, {"quantile", "0.99"}})),
      max_(metrics.AddGauge(name, what, {{"loop", loop}, {"quantile", "1"}})),
      total_(metrics.AddCounter(name + "_total", what + " All together.",
                                {{"loop", loop}})) {}

uint64_t WorkerStats::Times::Update(LatencyHistogram::Snapshot now) {
  const LatencyHistogram::Snapshot period = now.Since(before_);
  before_ = std::move(now);
  median_.Set(Seconds(static_cast<uint64_t>(period.Quantile(0.5))));
  p99_.Set(Seconds(static_cast<uint64_t>(period.Quantile(0.99))));
  max_.Set(Seconds(static_cast<uint64_t>(period.max())));
  total_.Add(Seconds(period.sum()));
  return period.count();
}

WorkerStats::WorkerStats(EventLoop& loop, const std::string& loop_name,
                         const WorkerPool& pool, Metrics& metrics,
                         absl::Duration period)
    : pool_(pool),
      wait_(metrics, "millrace_loop_worker_wait_seconds",
            "How long jobs waited for a thread of the worker pool.", loop_name),
      run_(metrics, "millrace_loop_worker_run_seconds",
           "How long jobs ran on a thread of the worker pool.", loop_name),
      jobs_(metrics.AddCounter("millrace_loop_worker_jobs_total",
                               "Jobs that the worker pool has run.",
                               {{"loop", loop_name}})),
      queued_(metrics.AddGauge("millrace_loop_worker_queued_jobs",
                               "Jobs that wait for a thread.",
                               {{"loop", loop_name}})),
      timer_(loop.SetInterval(period, [this] { Update(); })) {
  timer_.Unref();
}

void WorkerStats::Update() {
  wait_.Update(pool_.wait_times());
  jobs_.Add(static_cast<double>(run_.Update(pool_.run_times())));
  queued_.Set(static_cast<double>(pool_.queued()));
}

}  // namespace millrace::runtime
