// Rendering for a call, in slices of bounded work, so that a large template
// keeps nobody waiting that the loop serves.
#ifndef MILLRACE_SERVICES_TEMPLATES_RENDERING_H_
#define MILLRACE_SERVICES_TEMPLATES_RENDERING_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "services/templates/compiled.h"
#include "services/templates/engine/document.h"

namespace millrace::templates {

// In steps of the engine (RenderBounds::steps), some ten nanoseconds each; of
// helpers they may be two or three times as long.
struct RenderPace {
  // The loop does so many, at once: 0.1 ms or so. It ends the tag that the
  // last of them is in, and does no more. Most texts are done by then.
  size_t loop_steps = 10'000;
  // What is left goes to the worker pool, in slices of so many: 1 ms or so.
  // Between two of them it can be interrupted, and others have their turn.
  size_t slice_steps = 100'000;
};

// Rejects with RESOURCE_EXHAUSTED past the engine's bounds, INVALID_ARGUMENT
// for data that has no JSON form, and the signal's reason at the next slice
// after it aborts, as it does when the caller's deadline is over. Loop thread.
//
// `read` fills the document, once, before this returns; what it says is what
// this rejects with.
using ReadData = absl::FunctionRef<absl::Status(Document&)>;
Promise<std::string> RenderInSlices(EventLoop& loop, CompiledTemplate compiled,
                                    ReadData read, AbortSignal signal = {},
                                    RenderPace pace = {});
// With the data of a message; to read it takes less than to decode it took.
Promise<std::string> RenderInSlices(EventLoop& loop, CompiledTemplate compiled,
                                    const google::protobuf::Message& data,
                                    AbortSignal signal = {},
                                    RenderPace pace = {});

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_RENDERING_H_
