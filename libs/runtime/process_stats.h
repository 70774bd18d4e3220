// What the process uses of the machine, from /proc, under the names that
// Prometheus clients share. Not thread-safe.
#ifndef MILLRACE_RUNTIME_PROCESS_STATS_H_
#define MILLRACE_RUNTIME_PROCESS_STATS_H_

#include "base/metrics.h"

namespace millrace::runtime {

class ProcessStats {
 public:
  // process_resident_memory_bytes, process_cpu_seconds_total,
  // process_open_fds, process_threads, process_start_time_seconds. `metrics`
  // outlives it.
  explicit ProcessStats(Metrics& metrics);

  // Reads them anew.
  void Update();

 private:
  Gauge& memory_;
  Gauge& descriptors_;
  Gauge& threads_;
  Gauge& start_;
  Counter& cpu_;
  double cpu_seconds_ = 0;  // what cpu_ says
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_PROCESS_STATS_H_
