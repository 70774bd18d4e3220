#include "bus/codec.h"

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"
#include "base/strings.h"
#include "bus/structured.h"

namespace millrace::bus {
namespace {

constexpr std::string_view kPrefix = "ce_";
constexpr char kContentType[] = "content-type";
constexpr std::string_view kTime = "time";
constexpr std::string_view kExpiryTime = "expirytime";
// Names and values of an event without extensions, with room to spare.
constexpr size_t kUsualHeaderBytes = 400;

bool IsAttributeName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

absl::Status NoEvent(const Record& record, std::string_view why) {
  return absl::DataLossError(StrCat(
      "record ", record.topic, "/", record.partition, "@", record.offset,
      record.has_value ? "" : " (a tombstone)", " is no CloudEvent: ", why));
}

bool IsStructuredMode(const Record& record) {
  const auto type = record.headers.Find(kContentType);
  return type && IsStructured(*type);
}

// Leaves the time as it is when the record has no such header.
absl::Status TakeTime(const Record& record, std::string_view name,
                      std::string_view text, absl::Time* time) {
  if (text.data() == nullptr) return absl::OkStatus();
  const absl::StatusOr<absl::Time> parsed = ParseRfc3339(text);
  if (!parsed.ok()) {
    return NoEvent(record,
                   StrCat("ce_", name, " is ", MessageOf(parsed.status())));
  }
  *time = *parsed;
  return absl::OkStatus();
}

absl::Status DecodeStructured(const Record& record, EventEnvelope* event) {
  *event = EventEnvelope();
  event->time = record.time;
  event->key = record.key;
  for (const auto& [name, value] : record.headers) {
    if (name != kContentType) event->extensions.emplace_back(name, value);
  }
  const absl::Status status = ParseStructured(record.value, event);
  return status.ok() ? status : NoEvent(record, MessageOf(status));
}

// Into an event that is new. `payload_is_value`: its payload is the record's
// value, which is left where it is.
absl::Status Decode(const Record& record, EventEnvelope* out,
                    bool* payload_is_value) {
  EventEnvelope& event = *out;
  *payload_is_value = false;
  std::string_view version, subject, traceparent, tracestate, time, expiry,
      content_type, data_content_type;
  event.time = record.time;
  event.key = record.key;
  for (const auto& [full, value] : record.headers) {
    if (full == kContentType) {
      content_type = value;
    } else if (full == "traceparent" || full == "ce_traceparent") {
      traceparent = value;
    } else if (full == "tracestate" || full == "ce_tracestate") {
      tracestate = value;
    } else if (full == "ce_baggage") {
      event.extensions.emplace_back(kBaggageExtension, value);
    } else if (full.substr(0, kPrefix.size()) != kPrefix) {
      event.extensions.emplace_back(full, value);
    } else if (const auto attribute = full.substr(kPrefix.size());
               attribute == "specversion") {
      version = value;
    } else if (attribute == "id") {
      event.id = value;
    } else if (attribute == "type") {
      event.type = value;
    } else if (attribute == "source") {
      event.source = value;
    } else if (attribute == "datacontenttype") {
      // The JavaScript SDK writes it beside the header that the binding wants.
      data_content_type = value;
    } else if (attribute == "subject") {
      subject = value;
    } else if (attribute == kExpiryTime) {
      expiry = value;
    } else if (attribute == kTime) {
      time = value;
    } else {
      event.extensions.emplace_back(attribute, value);
    }
  }
  if (IsStructured(content_type)) return DecodeStructured(record, &event);
  if (version.empty())
    return NoEvent(record, "it has no header ce_specversion");
  if (version.substr(0, 2) != "1.") {
    return NoEvent(
        record, StrCat("ce_specversion is '", version, "'; 1.0 is understood"));
  }
  if (event.id.empty()) return NoEvent(record, "it has no header ce_id");
  if (event.type.empty()) return NoEvent(record, "it has no header ce_type");
  if (event.source.empty())
    return NoEvent(record, "it has no header ce_source");
  absl::Status timed = TakeTime(record, kTime, time, &event.time);
  if (timed.ok()) {
    timed = TakeTime(record, kExpiryTime, expiry, &event.expires);
  }
  if (!timed.ok()) return timed;
  if (event.key.empty()) event.key = subject;
  if (content_type.empty()) content_type = data_content_type;
  if (!content_type.empty()) event.content_type = content_type;
  if (auto trace = TraceContext::Parse(traceparent, tracestate)) {
    event.trace = *std::move(trace);
  }
  *payload_is_value = true;
  return absl::OkStatus();
}

// All but the value, which is the event's payload.
Record EncodeAttributes(const EventEnvelope& event, std::string topic) {
  Record record;
  record.topic = std::move(topic);
  record.key = event.key;
  record.time = event.time;
  Headers& headers = record.headers;
  headers.Reserve(9 + event.extensions.size(), kUsualHeaderBytes);
  headers.Add("ce_specversion", "1.0");
  headers.Add("ce_id", event.id);
  headers.Add("ce_type", event.type);
  headers.Add("ce_source", event.source);
  headers.Add("ce_time", FormatRfc3339(event.time));
  if (!event.key.empty()) headers.Add("ce_subject", event.key);
  if (event.expires != absl::InfiniteFuture()) {
    headers.Add("ce_expirytime", FormatRfc3339(event.expires));
  }
  headers.Add(kContentType, event.content_type);
  if (event.trace.valid()) {
    headers.Add("traceparent", event.trace.traceparent());
    if (!event.trace.tracestate.empty()) {
      headers.Add("tracestate", event.trace.tracestate);
    }
  }
  for (const auto& [name, value] : event.extensions) {
    const bool attribute = IsAttributeName(name) && name != kBaggageExtension;
    headers.Add(attribute ? StrCat(kPrefix, name) : name, value);
  }
  return record;
}

}  // namespace

std::optional<std::string_view> FindExtension(const EventEnvelope& event,
                                              std::string_view name) {
  const auto& extensions = event.extensions;
  const auto it = std::find_if(
      extensions.rbegin(), extensions.rend(),
      [name](const auto& extension) { return extension.first == name; });
  if (it == extensions.rend()) return std::nullopt;
  return it->second;
}

std::string_view ActorOf(const EventEnvelope& envelope) {
  return FindExtension(envelope, kActorExtension).value_or("");
}

Record EncodeEvent(const EventEnvelope& event, std::string topic) {
  Record record = EncodeAttributes(event, std::move(topic));
  record.value = event.payload;
  return record;
}

Record TakeRecord(EventEnvelope* event, std::string topic) {
  Record record = EncodeAttributes(*event, std::move(topic));
  record.value = std::move(event->payload);
  return record;
}

absl::StatusOr<EventEnvelope> DecodeEvent(const Record& record) {
  EventEnvelope event;
  bool payload_is_value;
  const absl::Status status = Decode(record, &event, &payload_is_value);
  if (!status.ok()) return status;
  if (payload_is_value) event.payload = record.value;
  return event;
}

absl::Status TakeEvent(Record* record, EventEnvelope* event) {
  bool payload_is_value;
  const absl::Status status = Decode(*record, event, &payload_is_value);
  if (payload_is_value) event->payload = std::move(record->value);
  return status;
}

void GiveBack(EventEnvelope* event, Record* record) {
  if (IsStructuredMode(*record)) return;
  record->value = std::move(event->payload);
}

CallContext ContextOf(const EventEnvelope& envelope) {
  CallContext context;
  context.trace =
      envelope.trace.valid() ? envelope.trace : TraceContext::NewRoot();
  context.identity.subject = std::string(ActorOf(envelope));
  context.causation_id = envelope.id;
  context.deadline = envelope.expires;
  context.baggage =
      std::string(FindExtension(envelope, kBaggageExtension).value_or(""));
  return context;
}

}  // namespace millrace::bus
