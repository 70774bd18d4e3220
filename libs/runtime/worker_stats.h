// How long the jobs of a worker pool wait and run, as metrics:
//
//   millrace_loop_worker_wait_seconds{loop,quantile="0.5"|"0.99"|"1"}
//   millrace_loop_worker_run_seconds{loop,quantile="0.5"|"0.99"|"1"}
//   millrace_loop_worker_wait_seconds_total{loop}, .._run_seconds_total
//   millrace_loop_worker_jobs_total{loop}, millrace_loop_worker_queued_jobs
//
// Quantiles are of the jobs of the last period that had ended when they were
// read, 0 when it had none, so that two who read see the same. Loop-bound.
#ifndef MILLRACE_RUNTIME_WORKER_STATS_H_
#define MILLRACE_RUNTIME_WORKER_STATS_H_

#include <string>

#include "absl/time/time.h"
#include "base/histogram.h"
#include "base/metrics.h"
#include "loop/event_loop.h"
#include "loop/worker_pool.h"

namespace millrace::runtime {

class WorkerStats {
 public:
  // All outlive it. Does not keep the loop running.
  WorkerStats(EventLoop& loop, const std::string& loop_name,
              const WorkerPool& pool, Metrics& metrics,
              absl::Duration period = absl::Seconds(10));
  ~WorkerStats() { timer_.Clear(); }
  WorkerStats(const WorkerStats&) = delete;
  WorkerStats& operator=(const WorkerStats&) = delete;

  // Ends the period; called by itself.
  void Update();

 private:
  // One of the two times.
  class Times {
   public:
    Times(Metrics& metrics, const std::string& name, const std::string& what,
          const std::string& loop_name);
    // The number of jobs since the last call.
    uint64_t Update(LatencyHistogram::Snapshot now);

   private:
    Gauge& median_;
    Gauge& p99_;
    Gauge& max_;
    Counter& total_;
    LatencyHistogram::Snapshot before_;
  };

  const WorkerPool& pool_;
  Times wait_;
  Times run_;
  Counter& jobs_;
  Gauge& queued_;
  Timer timer_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_WORKER_STATS_H_
