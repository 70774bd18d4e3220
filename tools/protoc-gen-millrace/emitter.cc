#include "tools/protoc-gen-millrace/emitter.h"

#include <google/protobuf/empty.pb.h>

#include <map>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/event_key.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

constexpr int kEmitter = v1::kEmitterFieldNumber;

// More partitions than a cluster should have in all of a topic.
constexpr int kMostPartitions = 10'000;
constexpr int kMostAttempts = 1000;
constexpr double kMostMultiplier = 100;

bool IsTopicName(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") {
    return false;
  }
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' &&
        c != '_' && c != '-') {
      return false;
    }
  }
  return true;
}

class Reader {
 public:
  Reader(const pb::ServiceDescriptor* service, Diagnostics* diagnostics)
      : service_(service),
        options_(service->options().GetExtension(v1::emitter)),
        diagnostics_(diagnostics) {
    model_.service = service;
  }

  EmitterModel Read() {
    ReadTopics();
    ReadRetention();
    ReadRetry(options_.retry());
    if (options_.partitions() < 0 || options_.partitions() > kMostPartitions) {
      Refuse(StrCat("partitions is ", options_.partitions()),
             "each is a log of its own on a broker",
             StrCat("a number from 1 to ", kMostPartitions,
                    ", or leave it out for 8"));
    } else if (options_.partitions() > 0) {
      model_.partitions = options_.partitions();
    }
    if (service_->method_count() == 0 && options_.extends_size() == 0) {
      Refuse(StrCat(service_->name(), " has no events"),
             "a contract declares events, or extends contracts that do",
             "rpc Created(<payload>) returns (google.protobuf.Empty) {...}");
    }
    for (int i = 0; i < service_->method_count(); ++i) {
      ReadEvent(service_->method(i));
    }
    return model_;
  }

 private:
  void Refuse(std::string_view what, std::string_view why,
              std::string_view fix) {
    diagnostics_->Error(Place::OfOption(service_, kEmitter), what, why, fix);
  }

  // The options that say something of the events declared here.
  std::vector<std::string> Used() const {
    std::vector<std::string> used;
    if (!options_.topic().empty()) used.emplace_back("topic");
    if (options_.partitions() != 0) used.emplace_back("partitions");
    if (!options_.retention().empty()) used.emplace_back("retention");
    if (options_.has_retry()) used.emplace_back("retry");
    if (!options_.dead_letter_topic().empty()) {
      used.emplace_back("dead_letter_topic");
    }
    return used;
  }

  void ReadTopics() {
    model_.topic = options_.topic();
    model_.dead_letter_topic = options_.dead_letter_topic().empty()
                                   ? options_.topic() + ".dead"
                                   : options_.dead_letter_topic();
    const std::string example =
        StrCat("\"", service_->file()->package(), ".events\"");
    if (service_->method_count() == 0 && options_.extends_size() > 0) {
      if (Used().empty()) return;
      Refuse(StrCat(service_->name(), " declares no events, and has ",
                    ListOf(Used(), "and")),
             "each event that it extends has those of its own contract",
             "option (millrace.v1.emitter) = {extends: [...]}; and no more");
      return;
    }
    // What is merged has the topic of its contract.
    if (options_.topic().empty() && !options_.merge().empty()) return;
    if (options_.topic().empty()) {
      Refuse(StrCat("emitter contract ", service_->name(), " has no topic"),
             "its events are published on one",
             StrCat("option (millrace.v1.emitter) = {topic: ", example, "};"));
      return;
    }
    for (const std::string& topic : {model_.topic, model_.dead_letter_topic}) {
      if (IsTopicName(topic)) continue;
      Refuse(StrCat("'", topic, "' cannot be the name of a topic"),
             "Kafka takes up to 249 of a-z A-Z 0-9 . _ -",
             StrCat("a name such as ", example));
      break;  // the topic of dead letters follows from it, mostly
    }
    if (model_.topic == model_.dead_letter_topic) {
      Refuse(StrCat("dead letters of '", model_.topic,
                    "' would go to the topic itself"),
             "each would be delivered and fail again",
             "another dead_letter_topic, or leave it out");
    }
  }

  // False when the text is no duration.
  bool ReadDuration(const std::string& text, std::string_view name,
                    std::string_view example, DurationText* duration) {
    if (text.empty()) return true;
    if (const auto parsed = DurationText::Parse(text)) {
      *duration = *parsed;
      return true;
    }
    Refuse(StrCat(name, " is '", text, "'"),
           "a duration is a whole number and one of ms, s, m, h, d, of at most "
           "a hundred years",
           StrCat(name, ": \"", example, "\""));
    return false;
  }

  void ReadRetention() {
    if (!ReadDuration(options_.retention(), "retention", "7d",
                      &model_.retention)) {
      return;
    }
    if (model_.retention.milliseconds() == 0) {
      Refuse(StrCat("retention is '", options_.retention(), "'"),
             "events would be gone before anybody has read them",
             "a duration such as \"7d\", or leave it out for that");
    }
  }

  void ReadRetry(const v1::Retry& retry) {
    const bool durations =
        ReadDuration(retry.initial_backoff(), "initial_backoff", "250ms",
                     &model_.initial_backoff) &
        ReadDuration(retry.max_backoff(), "max_backoff", "30s",
                     &model_.max_backoff);
    if (durations && model_.initial_backoff.milliseconds() == 0) {
      Refuse(StrCat("initial_backoff is '", retry.initial_backoff(), "'"),
             "attempts without a pause use themselves up at once, and no pause "
             "grows from nothing",
             "a duration such as \"100ms\", or leave it out for that");
    } else if (durations && model_.max_backoff.milliseconds() <
                                model_.initial_backoff.milliseconds()) {
      Refuse(StrCat("max_backoff, ", model_.max_backoff.ToText(),
                    ", is shorter than initial_backoff, ",
                    model_.initial_backoff.ToText()),
             "no pause is longer than max_backoff, not even the first",
             StrCat("max_backoff: \"", model_.initial_backoff.ToText(),
                    "\" or longer"));
    }
    if (retry.max_attempts() < 0 || retry.max_attempts() > kMostAttempts) {
      Refuse(StrCat("max_attempts is ", retry.max_attempts()),
             "the other events of the key wait for the last attempt",
             StrCat("a number from 1 to ", kMostAttempts,
                    ", or leave it out for 5"));
    } else if (retry.max_attempts() > 0) {
      model_.max_attempts = retry.max_attempts();
    }
    if (retry.max_attempts() == 1 &&
        (!retry.initial_backoff().empty() || !retry.max_backoff().empty() ||
         retry.multiplier() != 0)) {
      Refuse("max_attempts is 1, and there are pauses between attempts",
             "the first attempt is the only one",
             "max_attempts: 2 or more, or no pauses");
    }
    if (retry.multiplier() != 0 &&
        !(retry.multiplier() >= 1 && retry.multiplier() <= kMostMultiplier)) {
      Refuse(StrCat("multiplier is ", retry.multiplier()),
             "pauses between attempts must grow, and not beyond measure",
             StrCat("a number from 1 to ", kMostMultiplier,
                    ", or leave it out for 2"));
    } else if (retry.multiplier() != 0) {
      model_.multiplier = retry.multiplier();
    }
  }

  void ReadEvent(const pb::MethodDescriptor* method) {
    const std::string event = StrCat(service_->name(), ".", method->name());
    const auto [other, added] =
        seen_.emplace(absl::AsciiStrToLower(method->name()), method->name());
    if (!added) {
      diagnostics_->Error(Place::Of(method),
                          StrCat("event ", event, " differs from ",
                                 other->second, " only in its case"),
                          "their listener methods would be confused",
                          "another name");
    }
    if (method->client_streaming() || method->server_streaming()) {
      diagnostics_->Error(
          Place::Of(method),
          StrCat("event ", event, " is declared as a stream"),
          "an event is one payload",
          StrCat("rpc ", method->name(), "(", method->input_type()->name(),
                 ") returns (google.protobuf.Empty)"));
    }
    if (method->output_type()->full_name() !=
        pb::Empty::descriptor()->full_name()) {
      diagnostics_->Error(
          Place::OfOutput(method),
          StrCat("event ", event, " returns ", method->output_type()->name()),
          "nobody answers an event: it may have many listeners, or none",
          StrCat("rpc ", method->name(), "(", method->input_type()->name(),
                 ") returns (google.protobuf.Empty)"));
    }
    if (method->options().HasExtension(v1::access)) {
      diagnostics_->Error(Place::OfOption(method, v1::kAccessFieldNumber),
                          StrCat("event ", event, " says who may call it"),
                          "an event is emitted by its owner and called by "
                          "nobody",
                          "leave the option out");
    }
    std::set<const pb::Descriptor*> visited;
    RefuseSensitive(method, method->input_type(), method->input_type()->name(),
                    &visited);
    model_.events.push_back(
        {method, ReadKey(method, diagnostics_), method->full_name()});
  }

  void RefuseSensitive(const pb::MethodDescriptor* method,
                       const pb::Descriptor* message, const std::string& path,
                       std::set<const pb::Descriptor*>* visited) {
    if (!visited->insert(message).second) return;
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::FieldDescriptor* field = message->field(i);
      const std::string here = StrCat(path, ".", field->name());
      if (field->options().GetExtension(v1::sensitive)) {
        diagnostics_->Error(
            Place::OfInput(method),
            StrCat("event ", service_->name(), ".", method->name(),
                   " would carry ", here, ", which is sensitive"),
            StrCat("events are kept and read by others; the field is declared "
                   "at ",
                   Place::Of(field).ToString()),
            "a payload without the field");
      }
      if (field->message_type() != nullptr) {
        RefuseSensitive(method, field->message_type(), here, visited);
      }
    }
  }

  const pb::ServiceDescriptor* const service_;
  const v1::Emitter& options_;
  Diagnostics* const diagnostics_;
  std::map<std::string, std::string> seen_;  // events, by name in lower case
  EmitterModel model_;
};

}  // namespace

bool IsEmitter(const pb::ServiceDescriptor* service) {
  return service->options().HasExtension(v1::emitter);
}

EmitterModel ReadEmitter(const pb::ServiceDescriptor* service,
                         Diagnostics* diagnostics) {
  return Reader(service, diagnostics).Read();
}

void CheckTopics(const std::vector<EmitterModel>& emitters,
                 Diagnostics* diagnostics) {
  std::map<std::string, const pb::ServiceDescriptor*> owners;
  for (const EmitterModel& emitter : emitters) {
    if (emitter.topic.empty() || emitter.merged != nullptr) continue;
    for (const std::string& topic :
         {emitter.topic, emitter.dead_letter_topic}) {
      const auto [owner, added] = owners.emplace(topic, emitter.service);
      if (added || owner->second == emitter.service) continue;
      const std::string& package = emitter.service->file()->package();
      const bool same = owner->second->file()->package() == package;
      diagnostics->Error(
          Place::OfOption(emitter.service, kEmitter),
          StrCat("topic '", topic, "' of ", emitter.service->name(),
                 " belongs to ", owner->second->full_name(), " already"),
          StrCat("a topic has one contract; the other is declared at ",
                 Place::Of(owner->second).ToString()),
          StrCat("a topic such as \"", package, ".",
                 absl::AsciiStrToLower(emitter.service->name()), "\"",
                 same && owner->second->file() != emitter.service->file()
                     ? StrCat(", or {merge: \"", owner->second->full_name(),
                              "\"} for more events of that contract")
                     : ""));
      break;  // the topic of its dead letters follows from it, mostly
    }
  }
}

}  // namespace millrace::compiler
