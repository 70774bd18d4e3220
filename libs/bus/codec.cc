#include "bus/codec.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "base/strings.h"
#include "bus/headers.h"
#include "bus/structured.h"

namespace millrace::bus {
namespace {

constexpr std::string_view kPrefix = "ce_";
constexpr char kContentType[] = "content-type";

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

absl::StatusOr<EventEnvelope> DecodeBinary(const Record& record) {
  EventEnvelope event;
  std::string version, subject, traceparent, tracestate;
  event.time = record.time;
  event.key = record.key;
  event.content_type.clear();
  for (const auto& [name, value] : record.headers) {
    const std::string_view full = name;
    if (full == kContentType) {
      event.content_type = value;
    } else if (full == "traceparent" || full == "ce_traceparent") {
      traceparent = value;
    } else if (full == "tracestate" || full == "ce_tracestate") {
      tracestate = value;
    } else if (full == "ce_baggage") {
      event.extensions.emplace_back(kBaggageExtension, value);
    } else if (full.substr(0, kPrefix.size()) != kPrefix) {
      event.extensions.emplace_back(name, value);
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
      if (event.content_type.empty()) event.content_type = value;
    } else if (attribute == "subject") {
      subject = value;
    } else if (attribute == "time") {
      std::string error;
      if (!absl::ParseTime(absl::RFC3339_full, value, &event.time, &error)) {
        return NoEvent(record, StrCat("ce_time is '", value,
                                      "', which is not RFC 3339: ", error));
      }
    } else {
      event.extensions.emplace_back(std::string(attribute), value);
    }
  }
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
  if (event.key.empty()) event.key = std::move(subject);
  if (event.content_type.empty()) event.content_type = "application/protobuf";
  if (auto trace = TraceContext::Parse(traceparent, tracestate)) {
    event.trace = *std::move(trace);
  }
  event.payload = record.value;
  return event;
}

}  // namespace

std::string_view ActorOf(const EventEnvelope& envelope) {
  return FindHeader(envelope.extensions, kActorExtension).value_or("");
}

Record EncodeEvent(const EventEnvelope& event, std::string topic) {
  Record record;
  record.topic = std::move(topic);
  record.key = event.key;
  record.value = event.payload;
  record.time = event.time;
  Metadata& headers = record.headers;
  headers.reserve(9 + event.extensions.size());
  headers.emplace_back("ce_specversion", "1.0");
  headers.emplace_back("ce_id", event.id);
  headers.emplace_back("ce_type", event.type);
  headers.emplace_back("ce_source", event.source);
  headers.emplace_back(
      "ce_time",
      absl::FormatTime(absl::RFC3339_full, event.time, absl::UTCTimeZone()));
  if (!event.key.empty()) headers.emplace_back("ce_subject", event.key);
  headers.emplace_back(kContentType, event.content_type);
  if (event.trace.valid()) {
    headers.emplace_back("traceparent", event.trace.traceparent());
    if (!event.trace.tracestate.empty()) {
      headers.emplace_back("tracestate", event.trace.tracestate);
    }
  }
  for (const auto& [name, value] : event.extensions) {
    const bool attribute = IsAttributeName(name) && name != kBaggageExtension;
    headers.emplace_back(attribute ? StrCat(kPrefix, name) : name, value);
  }
  return record;
}

absl::StatusOr<EventEnvelope> DecodeEvent(const Record& record) {
  const auto type = FindHeader(record.headers, kContentType);
  if (!type || !IsStructured(*type)) return DecodeBinary(record);
  EventEnvelope event;
  event.time = record.time;
  event.key = record.key;
  for (const auto& [name, value] : record.headers) {
    if (name != kContentType) event.extensions.emplace_back(name, value);
  }
  if (absl::Status status = ParseStructured(record.value, &event);
      !status.ok()) {
    return NoEvent(record, MessageOf(status));
  }
  return event;
}

CallContext ContextOf(const EventEnvelope& envelope) {
  CallContext context;
  context.trace =
      envelope.trace.valid() ? envelope.trace : TraceContext::NewRoot();
  context.identity.subject = std::string(ActorOf(envelope));
  context.causation_id = envelope.id;
  return context;
}

}  // namespace millrace::bus
