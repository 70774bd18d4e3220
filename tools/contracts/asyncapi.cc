#include "tools/contracts/asyncapi.h"

#include <set>
#include <vector>

#include "base/strings.h"
#include "tools/contracts/asyncapi_records.h"
#include "tools/contracts/json_schema.h"
#include "tools/contracts/proto_source.h"

namespace millrace::contracts {
namespace {

constexpr char kAbout[] =
    "The events of the platform. A record of a topic is one CloudEvent 1.0 in "
    "Kafka's binary mode whose value is a protobuf message: the schemas "
    "describe that message in its JSON form. An event is published if and only "
    "if the change it tells of was committed, delivered at least once, and in "
    "order among those with the same key.";

constexpr char kReplayed[] = "Replayed";

Document Ref(const std::string& path) {
  return Document::Object({{"$ref", StrCat("#/", path)}});
}

Document RetryText(const RetryModel& retry) {
  Document text;
  text["maxAttempts"] = retry.max_attempts;
  text["initialBackoff"] = DurationText(retry.initial_backoff_ms);
  text["maxBackoff"] = DurationText(retry.max_backoff_ms);
  text["multiplier"] = retry.multiplier;
  return text;
}

class Writer {
 public:
  Writer(const Contracts& contracts, const DocumentOptions& options,
         PayloadForm payload)
      : contracts_(contracts), options_(options), payload_(payload) {}

  Document Write() {
    for (const EmitterModel& emitter : contracts_.emitters) {
      // One that only extends has no records of its own.
      if (!emitter.topic.empty()) AddContract(emitter);
    }
    Document document;
    document["asyncapi"] = "3.0.0";
    Document& info = document["info"];
    info["title"] = options_.title;
    info["version"] = options_.version;
    info["description"] = kAbout;
    info["tags"] = Tags();
    if (!options_.server.empty()) {
      document["servers"]["kafka"]["host"] = options_.server;
      document["servers"]["kafka"]["protocol"] = "kafka";
    }
    document["defaultContentType"] = "application/protobuf";
    document["channels"] = channels_;
    document["operations"] = operations_;
    AddWiderContracts(&document);
    Document& components = document["components"];
    components["messages"] = messages_;
    components["schemas"] = book_.Components();
    AddHeaderSchemas(&components["schemas"]);
    return document;
  }

 private:
  Document Tags() {
    std::set<std::string> owners;
    for (const EmitterModel& emitter : contracts_.emitters) {
      owners.insert(emitter.owner);
    }
    Document tags = Document::Array();
    for (const std::string& owner : owners) {
      tags.Add(Document::Object({{"name", owner}}));
    }
    return tags;
  }

  // Who listens to a contract that extends others gets the events of all, each
  // on its own channel.
  void AddWiderContracts(Document* document) {
    for (const EmitterModel& emitter : contracts_.emitters) {
      if (emitter.extends.empty()) continue;
      Document wider;
      for (const std::string& base : emitter.extends) {
        wider["extends"].Add(base);
      }
      wider["events"] = Document::Array();
      for (const EventModel& event : emitter.events) {
        wider["events"].Add(event.type);
      }
      for (const EventModel* event : Inherited(contracts_, emitter)) {
        wider["events"].Add(event->type);
      }
      (*document)["x-extending-contracts"][emitter.name] = wider;
    }
  }

  void AddContract(const EmitterModel& emitter) {
    const std::string dead = emitter.name + ".dead";
    Document channel;
    channel["address"] = emitter.topic;
    channel["title"] = emitter.service->name();
    const std::string comment = CommentOf(emitter.service);
    if (!comment.empty()) channel["description"] = comment;
    channel["messages"] = Document::Object();
    Document letters;
    letters["address"] = emitter.dead_letter_topic;
    letters["title"] = emitter.service->name() + ", dead letters";
    letters["description"] =
        "Events that a consumer group gave up on, as they were, with the "
        "reason.";
    letters["messages"] = Document::Object();
    for (const EventModel& event : emitter.events) {
      AddMessages(event);
      channel["messages"][event.name] =
          Ref("components/messages/" + event.type);
      letters["messages"][event.name] =
          Ref(StrCat("components/messages/", event.type, ".dead"));
      operations_[event.type] = Send(emitter, event);
    }
    letters["messages"][kReplayed] =
        Ref(StrCat("components/messages/", kReplayed));
    messages_[kReplayed] = ReplayedMarker();
    channel["bindings"] =
        TopicBinding(emitter.topic, emitter.partitions, emitter.retention_ms);
    letters["bindings"] =
        TopicBinding(emitter.dead_letter_topic, emitter.partitions,
                     emitter.dead_letter_retention_ms);
    channel["x-retry"] = RetryText(emitter.retry);
    channel["x-dead-letters"] = emitter.dead_letter_topic;
    channels_[emitter.name] = channel;
    channels_[dead] = letters;
    operations_[dead] = SendLetters(emitter, dead);
  }

  // By the owner: who listens is not the contract's to say.
  Document Send(const EmitterModel& emitter, const EventModel& event) {
    Document operation;
    operation["action"] = "send";
    operation["channel"] = Ref("channels/" + emitter.name);
    operation["title"] = event.name;
    const std::string comment = CommentOf(event.method);
    if (!comment.empty()) {
      operation["summary"] = FirstSentence(comment);
      operation["description"] = comment;
    }
    operation["tags"] =
        Document::Array({Document::Object({{"name", emitter.owner}})});
    operation["messages"] = Document::Array(
        {Ref(StrCat("channels/", emitter.name, "/messages/", event.name))});
    return operation;
  }

  Document SendLetters(const EmitterModel& emitter, const std::string& dead) {
    Document operation;
    operation["action"] = "send";
    operation["channel"] = Ref("channels/" + dead);
    operation["title"] = "Dead letters";
    operation["summary"] =
        "By any consumer, for an event that failed in all attempts or for good";
    operation["messages"] = Document::Array();
    for (const EventModel& event : emitter.events) {
      operation["messages"].Add(
          Ref(StrCat("channels/", dead, "/messages/", event.name)));
    }
    operation["messages"].Add(
        Ref(StrCat("channels/", dead, "/messages/", kReplayed)));
    return operation;
  }

  void AddMessages(const EventModel& event) {
    Document message;
    message["name"] = event.type;
    message["title"] = event.name;
    const std::string comment = CommentOf(event.method);
    if (!comment.empty()) {
      message["summary"] = FirstSentence(comment);
      message["description"] = comment;
    }
    message["contentType"] = "application/protobuf";
    message["headers"] = HeadersOf(event);
    message["payload"] = Payload(event);
    message["bindings"] = KeyBinding(event);
    message["x-protobuf-message"] = event.payload()->full_name();
    message["x-protobuf-file"] = event.payload()->file()->name();
    if (event.method->options().deprecated()) message["x-deprecated"] = true;
    messages_[event.type] = message;

    Document letter = message;
    letter["title"] = event.name + ", dead letter";
    letter["headers"]["allOf"].Add(
        Ref(StrCat("components/schemas/", kDeadLetterHeaders)));
    messages_[event.type + ".dead"] = letter;
  }

  Document Payload(const EventModel& event) {
    if (payload_ == PayloadForm::kJsonSchema) {
      return book_.Answered(event.payload());
    }
    Document payload;
    payload["schemaFormat"] = "application/vnd.google.protobuf;version=3";
    payload["schema"] = ProtoSource(event.payload());
    return payload;
  }

  static Document ReplayedMarker() {
    Document message;
    message["name"] = kReplayed;
    message["title"] = "Replayed";
    message["summary"] = "A letter was handed to its consumer again";
    message["headers"] = Ref(StrCat("components/schemas/", kReplayedHeaders));
    message["bindings"]["kafka"]["key"]["type"] = "string";
    message["bindings"]["kafka"]["key"]["description"] = "The letter's.";
    message["bindings"]["kafka"]["bindingVersion"] = "0.5.0";
    return message;
  }

  const Contracts& contracts_;
  const DocumentOptions& options_;
  const PayloadForm payload_;
  SchemaBook book_;
  Document channels_ = Document::Object();
  Document operations_ = Document::Object();
  Document messages_ = Document::Object();
};

}  // namespace

Document AsyncApi(const Contracts& contracts, const DocumentOptions& options,
                  PayloadForm payload) {
  return Writer(contracts, options, payload).Write();
}

}  // namespace millrace::contracts
