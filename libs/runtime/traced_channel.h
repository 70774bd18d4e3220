// A channel whose calls are spans: what a process asks of another hangs below
// the work that asked, and the other's request below that.
#ifndef MILLRACE_RUNTIME_TRACED_CHANNEL_H_
#define MILLRACE_RUNTIME_TRACED_CHANNEL_H_

#include <memory>
#include <string>

#include "base/span.h"
#include "contract/service.h"

namespace millrace::runtime {

// Loop thread, as `channel` is. Calls without a trace pass as they are. `spans`
// outlives the calls; `target` is whom they go to, "users:9090".
std::unique_ptr<Channel> NewTracedChannel(std::unique_ptr<Channel> channel,
                                          std::string target, SpanSink& spans);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TRACED_CHANNEL_H_
