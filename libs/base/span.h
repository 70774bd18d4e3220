// A piece of work that belongs to a trace: a request that was handled, a call
// of another process, an event that was emitted, an event that a consumer group
// was handed, and the same within a process. They nest by their ids, across
// processes:
//
//   request            parent: the span of `traceparent` of the call, if any
//     call             of another process; parent: that in which it was made.
//                      The request there is its child
//     emit             parent: the span in which it was emitted; the event's
//                      traceparent carries the emit's own
//       handle         parent: the emit's; one for each attempt
//         emit ...     parent: the handle's
//     local emit       by an emitter of the process's own; parent: that in
//                      which it was made, a request, a handle or a listen
//       listen         parent: the emit's; one for each listener it called
//         local emit ...
//
// A listen lasts for as long as the listener held the loop: one that returns a
// promise is done where it first waits, whatever becomes of the promise, and
// what it emits later hangs below all the same.
//
// Plain values, any thread.
#ifndef MILLRACE_BASE_SPAN_H_
#define MILLRACE_BASE_SPAN_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/trace.h"

namespace millrace {

using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

struct Span {
  enum class Kind : uint8_t {
    kRequest,
    kEmit,
    kHandle,
    kCall,
    kLocalEmit,
    kListen,
  };
  enum class Outcome : uint8_t {
    kDone,
    kFailed,      // and that was the end of it
    kRetry,       // and will be tried again
    kDeadLetter,  // and was given up
    kExpired,     // was passed over: nobody was asked
  };

  Kind kind = Kind::kRequest;
  Outcome outcome = Outcome::kDone;
  TraceId trace_id{};
  SpanId span_id{};
  SpanId parent_id{};  // all zero: none
  absl::Time start;
  absl::Duration duration;
  absl::StatusCode code = absl::StatusCode::kOk;
  int attempt = 1;      // of a handle
  bool sampled = true;  // the trace's flag: whether exporters want it
  // Valid while SpanSink::Record() runs; empty where they say nothing.
  std::string_view name;  // "users.v1.UsersService/GetUser", or the event's
  // The face of a request, who emitted ("/users", or the emitter's name), or
  // whom a call went to ("users:9090").
  std::string_view source;
  std::string_view group;     // the consumer group of a handle, or the listener
  std::string_view event_id;  // of an emit and a handle, and so is the key
  std::string_view key;
  std::string_view topic;  // of an emit and a handle
  std::string_view error;  // what the failure said
};

// Takes spans as they end, and says which traces are sampled. Whoever makes
// spans is handed a pointer, which may be null: then nobody wants them.
class SpanSink {
 public:
  virtual ~SpanSink() = default;

  // Any thread; called for every request and event, so it neither blocks nor
  // throws, and copies what it keeps.
  virtual void Record(const Span& span) noexcept = 0;

  // Whether a trace that begins here is sampled: a function of its id alone,
  // for as long as the configuration stays. Any thread.
  virtual bool Samples(const TraceId&) const noexcept { return true; }
};

// A new trace with a new span, sampled as `spans` says, or always without it.
inline TraceContext NewRoot(const SpanSink* spans) {
  TraceContext root = TraceContext::NewRoot();
  if (spans != nullptr && !spans->Samples(root.trace_id)) root.flags = 0;
  return root;
}

}  // namespace millrace

#endif  // MILLRACE_BASE_SPAN_H_
