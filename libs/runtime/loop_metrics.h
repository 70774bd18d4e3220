// How a loop does, as metrics: how late it is, where its time goes, what its
// worker pool does, and what is open on it.
//
//   millrace_loop_lag_{p50,p99,max}_seconds{loop,kind}     timer, post
//   millrace_loop_phase_{p50,p99,max}_seconds{loop,phase}  timers, poll, check,
//                                                          close
//   millrace_loop_worker_wait_{p50,p99,max}_seconds{loop}  for a thread
//   millrace_loop_worker_run_{p50,p99,max}_seconds{loop}   on a thread
//   millrace_loop_worker_{wait,run}_seconds_total{loop}
//   millrace_loop_worker_jobs_total{loop}
//   millrace_loop_worker_queued_jobs{loop}
//   millrace_loop_handles{loop,kind}                       see live_handles.h
//
// p50, p99 and max are over the last one to two minutes, however often they are
// read. Those of the worker pool are there once it is used. Loop thread only.
#ifndef MILLRACE_RUNTIME_LOOP_METRICS_H_
#define MILLRACE_RUNTIME_LOOP_METRICS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "loop/event_loop.h"

namespace millrace::runtime {

class LoopMetrics {
 public:
  // Measures from now on. Both outlive it.
  LoopMetrics(EventLoop& loop, std::string name, Metrics& metrics);
  ~LoopMetrics();
  LoopMetrics(const LoopMetrics&) = delete;
  LoopMetrics& operator=(const LoopMetrics&) = delete;

  // Sets the gauges.
  void Update();

  // What the last Update() has set, of the last one to two minutes.
  struct Times {
    std::string what;  // "timers", "poll", "timer late", "worker wait"
    uint64_t count = 0;
    double p50 = 0;  // seconds
    double p99 = 0;
    double max = 0;
  };
  std::vector<Times> times() const;

 private:
  class Window;
  class Workers;

  void UpdateHandles();

  EventLoop& loop_;
  const std::string name_;
  Metrics& metrics_;
  std::vector<std::unique_ptr<Window>> windows_;
  std::unique_ptr<Workers> workers_;
  std::map<std::string, Gauge*> handles_;  // by kind
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_LOOP_METRICS_H_
