// Histograms that keep examples: of each bucket, an observation and the trace
// it was made in, so that whoever sees a slow bucket can look at a request.
//
// A Metrics may give such histograms or plain ones; an ExemplarObserver
// observes into either. Any thread.
#ifndef MILLRACE_BASE_EXEMPLARS_H_
#define MILLRACE_BASE_EXEMPLARS_H_

#include "base/metrics.h"
#include "base/trace.h"

namespace millrace {

class ExemplarHistogram : public Histogram {
 public:
  // Observe(), by work that belongs to `trace`, which becomes an example when
  // it is sampled.
  virtual void ObserveIn(const TraceContext& trace, double value) = 0;
};

class ExemplarObserver {
 public:
  // `histogram` outlives it.
  explicit ExemplarObserver(Histogram& histogram)
      : histogram_(&histogram),
        keeps_(dynamic_cast<ExemplarHistogram*>(&histogram)) {}

  void Observe(const TraceContext& trace, double value) const {
    if (keeps_ != nullptr) {
      keeps_->ObserveIn(trace, value);
    } else {
      histogram_->Observe(value);
    }
  }

 private:
  Histogram* histogram_;
  ExemplarHistogram* keeps_;  // null: it keeps none
};

}  // namespace millrace

#endif  // MILLRACE_BASE_EXEMPLARS_H_
