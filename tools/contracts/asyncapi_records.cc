#include "tools/contracts/asyncapi_records.h"

#include <initializer_list>

#include "base/strings.h"

namespace millrace::contracts {
namespace {

constexpr char kBindingVersion[] = "0.5.0";

struct Header {
  const char* name;
  const char* description;
  const char* format = nullptr;
  const char* pattern = nullptr;
  const char* constant = nullptr;
};

constexpr Header kOfEvents[] = {
    {.name = "ce_specversion",
     .description = "The version of CloudEvents.",
     .constant = "1.0"},
    {.name = "ce_id",
     .description = "Unique; the same when the event is delivered again."},
    {.name = "ce_type", .description = "The contract and the event."},
    {.name = "ce_source",
     .description = "Who emitted it, for example \"/users\".",
     .format = "uri-reference"},
    {.name = "ce_time",
     .description = "When it was emitted.",
     .format = "date-time"},
    {.name = "ce_expirytime",
     .description = "From when on the event is of no use to anybody.",
     .format = "date-time"},
    {.name = "ce_subject",
     .description = "The key, when it is not empty; also the record's key."},
    {.name = "content-type",
     .description = "Of the payload.",
     .constant = "application/protobuf"},
    {.name = "traceparent",
     .description = "W3C trace context of the emitting call.",
     .pattern = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
    {.name = "tracestate", .description = "W3C trace context, continued."},
    {.name = "baggage",
     .description = "W3C Baggage of the emitting call, when it had any."},
    {.name = "ce_causationid",
     .description = "The id of the event whose handler emitted this one."},
    {.name = "ce_actor",
     .description = "Who called what emitted it, when somebody is known."},
    {.name = "millrace-replay-group",
     .description = "There on a replayed event: the consumer group that it is "
                    "for. Others pass over it."},
};

constexpr Header kOfLetters[] = {
    {.name = "millrace-dead-id",
     .description = "<group>/<topic>/<partition>/<offset>/<time>, the source "
                    "record's, in milliseconds. Older letters have no time."},
    {.name = "millrace-dead-group", .description = "Who gave up."},
    {.name = "millrace-dead-topic",
     .description = "The source record's topic."},
    {.name = "millrace-dead-partition",
     .description = "Its partition.",
     .pattern = "^[0-9]+$"},
    {.name = "millrace-dead-offset",
     .description = "Its offset.",
     .pattern = "^[0-9]+$"},
    {.name = "millrace-dead-code",
     .description = "The google.rpc.Code of the last failure, a number.",
     .pattern = "^[0-9]+$"},
    {.name = "millrace-dead-reason", .description = "And what it said."},
    {.name = "millrace-dead-attempts",
     .description = "How often it was tried.",
     .pattern = "^[0-9]+$"},
    {.name = "millrace-dead-time",
     .description = "When it was given up.",
     .format = "date-time"},
    {.name = "millrace-dead-truncated",
     .description = "There for each part that was left out because the letter "
                    "would have been too large, with its bytes; the source "
                    "record has it."},
};

constexpr Header kOfMarkers[] = {
    {.name = "millrace-dead-replayed",
     .description = "The id of the letter that was replayed."},
};

template <size_t kCount>
Document HeaderSchema(const Header (&headers)[kCount],
                      std::initializer_list<const char*> optional,
                      const char* description) {
  Document schema;
  schema["type"] = "object";
  schema["description"] = description;
  Document required = Document::Array();
  for (const Header& header : headers) {
    Document one;
    one["type"] = "string";
    one["description"] = header.description;
    if (header.format != nullptr) one["format"] = header.format;
    if (header.pattern != nullptr) one["pattern"] = header.pattern;
    if (header.constant != nullptr) one["const"] = header.constant;
    schema["properties"][header.name] = one;
    bool may_miss = false;
    for (const std::string_view name : optional) {
      may_miss |= name == header.name;
    }
    if (!may_miss) required.Add(header.name);
  }
  schema["required"] = required;
  return schema;
}

}  // namespace

void AddHeaderSchemas(Document* schemas) {
  (*schemas)[kEventHeaders] = HeaderSchema(
      kOfEvents,
      {"ce_expirytime", "ce_subject", "traceparent", "tracestate", "baggage",
       "ce_causationid", "ce_actor", "millrace-replay-group"},
      "CloudEvents 1.0 in Kafka's binary mode. Extension attributes are "
      "ce_<name>; other headers go along as they are.");
  (*schemas)[kDeadLetterHeaders] =
      HeaderSchema(kOfLetters, {"millrace-dead-truncated"},
                   "What a dead letter has besides the source record's "
                   "headers.");
  (*schemas)[kReplayedHeaders] = HeaderSchema(
      kOfMarkers, {}, "A record without a value marks a letter as replayed.");
}

Document HeadersOf(const EventModel& event) {
  Document general;
  general["$ref"] = StrCat("#/components/schemas/", kEventHeaders);
  Document own;
  own["properties"]["ce_type"]["const"] = event.type;
  Document schema;
  schema["type"] = "object";
  schema["allOf"] = Document::Array({general, own});
  return schema;
}

Document KeyBinding(const EventModel& event) {
  std::string text =
      StrCat("`", event.key,
             "` of the payload, as text: events with the same key are in "
             "order.");
  const google::protobuf::FieldDescriptor* field = event.KeyField();
  if (field != nullptr && field->enum_type() != nullptr) {
    text += " An enum is its number.";
  }
  Document key;
  key["type"] = "string";
  key["description"] = text;
  Document binding;
  binding["kafka"]["key"] = key;
  binding["kafka"]["bindingVersion"] = kBindingVersion;
  return binding;
}

Document TopicBinding(const std::string& topic, int partitions,
                      int64_t retention_ms) {
  Document binding;
  Document& kafka = binding["kafka"];
  kafka["topic"] = topic;
  kafka["partitions"] = partitions;
  kafka["topicConfiguration"]["retention.ms"] = retention_ms;
  kafka["bindingVersion"] = kBindingVersion;
  return binding;
}

}  // namespace millrace::contracts
