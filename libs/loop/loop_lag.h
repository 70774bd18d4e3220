// How late a loop is, and where its time goes.
//
// Measured from the first MeasureLag() on, until then for nothing. A turn costs
// at most six readings of the clock, and a post only when it finds the mailbox
// empty; phases in which nothing ran are not counted.
#ifndef MILLRACE_LOOP_LOOP_LAG_H_
#define MILLRACE_LOOP_LOOP_LAG_H_

#include "base/histogram.h"
#include "loop/event_loop.h"

namespace millrace {

// Any thread may read the histograms while the loop lives.
struct LoopLag {
  // By how much timers fired late: whole milliseconds, as timers count.
  LatencyHistogram timer_late;
  // From Post() to the run, of the task that waited longest in each batch.
  LatencyHistogram post_wait;
  // How long the callbacks of a phase took in a turn, with their drains.
  LatencyHistogram timers;
  LatencyHistogram poll;
  LatencyHistogram check;
  LatencyHistogram close;
};

// Loop thread. The same object at each call; it lives as long as the loop.
const LoopLag& MeasureLag(EventLoop& loop);

}  // namespace millrace

#endif  // MILLRACE_LOOP_LOOP_LAG_H_
