// A new event from a payload: its id, time, trace and cause. Any thread.
#ifndef MILLRACE_BUS_MAKE_EVENT_H_
#define MILLRACE_BUS_MAKE_EVENT_H_

#include <string>
#include <string_view>

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

// The trace is that of `context` with a span of the event's own, or a new one,
// sampled as `spans` says, which may be null; actor, cause and baggage are the
// context's, if there are any.
EventEnvelope MakeEvent(const CallContext& context, const Clock& clock,
                        const std::string& source, const EventInfo& info,
                        const google::protobuf::Message& payload,
                        std::string key, const EmitOptions& options = {},
                        const SpanSink* spans = nullptr);

// The span of having emitted `event` to `topic`, which both outlive it, within
// the span `parent`: that of the context the event was made from.
Span EmitSpan(const EventEnvelope& event, std::string_view topic,
              const SpanId& parent, absl::Time end);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_MAKE_EVENT_H_
