// How a loop does, as metrics: how late it is, where its time goes, and what is
// open on it.
//
//   millrace_loop_lag_{p50,p99,max}_seconds{loop,kind}     timer, post
//   millrace_loop_phase_{p50,p99,max}_seconds{loop,phase}  timers, poll, check,
//                                                          close
//   millrace_loop_handles{loop,kind}                       see live_handles.h
//
// The first two are over the last one to two minutes, however often they are
// read. Loop thread only.
#ifndef MILLRACE_RUNTIME_LOOP_METRICS_H_
#define MILLRACE_RUNTIME_LOOP_METRICS_H_

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

 private:
  class Window;

  void UpdateHandles();

  EventLoop& loop_;
  const std::string name_;
  Metrics& metrics_;
  std::vector<std::unique_ptr<Window>> windows_;
  std::map<std::string, Gauge*> handles_;  // by kind
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_LOOP_METRICS_H_
