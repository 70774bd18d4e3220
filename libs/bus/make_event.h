// A new event from a payload: its id, time, trace and cause. Any thread.
#ifndef MILLRACE_BUS_MAKE_EVENT_H_
#define MILLRACE_BUS_MAKE_EVENT_H_

#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/span.h"
#include "contract/event.h"

namespace millrace::bus {

struct EmitOptions {
  // From when on the event is of no use to anybody, counted from its emission.
  // What then becomes of it is for those who listen to say: see
  // SubscriptionOptions::expired.
  absl::Duration expires_after = absl::InfiniteDuration();
};

// The trace is that of `context` with a span of the event's own, or a new one;
// actor, cause and baggage are the context's, if there are any.
EventEnvelope MakeEvent(const CallContext& context, const Clock& clock,
                        const std::string& source, const EventInfo& info,
                        const google::protobuf::Message& payload,
                        std::string key, const EmitOptions& options = {});

// The span of having emitted `event`, which outlives it, within the span
// `parent`: that of the context the event was made from.
Span EmitSpan(const EventEnvelope& event, const SpanId& parent, absl::Time end);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_MAKE_EVENT_H_
