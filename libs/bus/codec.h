// Events as records: the CloudEvents 1.0 binding for Kafka, so that any
// CloudEvents client can take part. Pure functions, any thread.
//
// Written is binary mode. Record key = the event's key, value = the payload,
// and these headers:
//
//   ce_specversion  1.0            ce_id       the event's id
//   ce_type         its type       ce_source   who emitted it
//   ce_time         RFC 3339       ce_subject  the key, when there is one
//   ce_expirytime   RFC 3339, when the event expires
//   content-type    of the payload
//   traceparent, tracestate        W3C trace context, when there is one
//   baggage                        W3C Baggage, the same
//   ce_<name>       an extension whose name is letters and digits
//   <name>          any other extension: headers that are not CloudEvents'
//
// Read are binary mode, and structured mode in JSON (content type
// "application/cloudevents+json"). Trace context and baggage are also taken
// from ce_traceparent, ce_tracestate and ce_baggage.
#ifndef MILLRACE_BUS_CODEC_H_
#define MILLRACE_BUS_CODEC_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bus/transport.h"
#include "contract/event.h"

namespace millrace::bus {

// The id of the event whose handler emitted this one, as an extension.
inline constexpr char kCausationExtension[] = "causationid";

// Who called what emitted the event: the subject of an identity. An event that
// a listener emits has the actor of the event it listened to.
inline constexpr char kActorExtension[] = "actor";

// The value of the last extension of this name, or nothing.
std::optional<std::string_view> FindExtension(const EventEnvelope& envelope,
                                              std::string_view name);

// Empty when nobody is known.
std::string_view ActorOf(const EventEnvelope& envelope);

// W3C Baggage that the event came with, as an extension; on the wire it is a
// header of that name.
inline constexpr char kBaggageExtension[] = "baggage";

Record EncodeEvent(const EventEnvelope& envelope, std::string topic);

// As EncodeEvent(), but the payload is moved out of the event.
Record TakeRecord(EventEnvelope* event, std::string topic);

// DATA_LOSS, saying what is missing or wrong, when the record is no
// CloudEvent. A tombstone with the headers of an event has an empty payload.
absl::StatusOr<EventEnvelope> DecodeEvent(const Record& record);

// As DecodeEvent(), into an event that is new; a payload that is the record's
// value is moved out of it. GiveBack() makes the record whole again, and takes
// the payload. When it fails the record stays as it is.
absl::Status TakeEvent(Record* record, EventEnvelope* event);
void GiveBack(EventEnvelope* event, Record* record);

// In which a handler of this event does its work: the event's trace, its expiry
// as the deadline, its baggage, the event as the cause, and its actor as the
// identity: that says on whose behalf, and allows nothing by itself, since
// whoever may write to the topic can name anybody. The span of an event that a
// subscription has handed over is that of its being handled.
CallContext ContextOf(const EventEnvelope& envelope);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_CODEC_H_
