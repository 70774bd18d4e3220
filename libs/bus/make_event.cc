#include "bus/make_event.h"

#include <utility>

#include "base/ids.h"
#include "bus/codec.h"

namespace millrace::bus {

EventEnvelope MakeEvent(const CallContext& context, const Clock& clock,
                        const std::string& source, const EventInfo& info,
                        const google::protobuf::Message& payload,
                        std::string key, const EmitOptions& options,
                        const SpanSink* spans) {
  EventEnvelope event;
  event.id = NewId();
  event.type = std::string(info.type);
  event.source = source;
  event.key = std::move(key);
  event.time = clock.Now();
  event.expires = event.time + options.expires_after;
  event.trace = context.trace.valid() ? context.trace.Child() : NewRoot(spans);
  event.payload = payload.SerializeAsString();
  if (!context.identity.subject.empty()) {
    event.extensions.emplace_back(kActorExtension, context.identity.subject);
  }
  if (!context.causation_id.empty()) {
    event.extensions.emplace_back(kCausationExtension, context.causation_id);
  }
  if (!context.baggage.empty()) {
    event.extensions.emplace_back(kBaggageExtension, context.baggage);
  }
  return event;
}

Span EmitSpan(const EventEnvelope& event, std::string_view topic,
              const SpanId& parent, absl::Time end) {
  Span span;
  span.kind = Span::Kind::kEmit;
  span.trace_id = event.trace.trace_id;
  span.span_id = event.trace.span_id;
  span.parent_id = parent;
  span.sampled = event.trace.sampled();
  span.start = event.time;
  span.duration = end - event.time;
  span.name = event.type;
  span.source = event.source;
  span.event_id = event.id;
  span.key = event.key;
  span.topic = topic;
  return span;
}

}  // namespace millrace::bus
