#include "loop/loop_lag.h"

#include "loop/loop_impl.h"

namespace millrace {

const LoopLag& MeasureLag(EventLoop& loop) {
  loop.AssertThread();
  loop_internal::LoopImpl& impl = loop.impl();
  if (impl.lag == nullptr) {
    impl.lag = std::make_unique<LoopLag>();
    impl.timers.MeasureLateness(&impl.lag->timer_late);
    impl.mailbox->MeasureWait();
  }
  return *impl.lag;
}

}  // namespace millrace
