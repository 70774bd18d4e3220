#include "tools/protoc-gen-millrace/emitter.h"

#include <google/protobuf/empty.pb.h>

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

constexpr int kEmitter = v1::kEmitterFieldNumber;
constexpr int kEvent = v1::kEventFieldNumber;

constexpr std::string_view kWhyKey =
    "events with the same key are handled in order, so that each needs one";

// Member names of the generated struct.
const std::set<std::string> kTaken = {"Listener", "Info", "On", "Deliver"};

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

bool CanBeKey(const pb::FieldDescriptor* field) {
  if (field->is_repeated()) return false;
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
    default:
      return true;
  }
}

// The fields of the message that can be keys.
std::vector<std::string> KeyNames(const pb::Descriptor* message) {
  std::vector<std::string> names;
  for (int i = 0; i < message->field_count(); ++i) {
    if (CanBeKey(message->field(i))) names.push_back(message->field(i)->name());
  }
  return names;
}

std::vector<std::string> FieldNames(const pb::Descriptor* message) {
  std::vector<std::string> names;
  for (int i = 0; i < message->field_count(); ++i) {
    names.push_back(message->field(i)->name());
  }
  return names;
}

// The option as it could be written with a field of `message`, to which the
// path `prefix` leads; `meant` is what was tried.
std::string KeyFix(const pb::Descriptor* message, const std::string& prefix,
                   const std::string& meant) {
  const std::vector<std::string> names = KeyNames(message);
  if (names.empty()) {
    return StrCat("a field such as 'string id' in ", message->name(),
                  ", and {key: \"", prefix, "id\"}");
  }
  const std::string near = Closest(meant, names);
  return StrCat("option (millrace.v1.event) = {key: \"", prefix,
                near.empty() ? names[0] : near, "\"};");
}

std::string TypeText(const pb::FieldDescriptor* field) {
  return StrCat(field->is_repeated() ? "repeated " : "",
                field->message_type() != nullptr
                    ? field->message_type()->full_name()
                    : field->type_name());
}

class Reader {
 public:
  Reader(const pb::ServiceDescriptor* service, Diagnostics* diagnostics)
      : service_(service), diagnostics_(diagnostics) {
    model_.service = service;
  }

  EmitterModel Read() {
    const v1::Emitter& options = service_->options().GetExtension(v1::emitter);
    ReadTopics(options);
    ReadDuration(options.retention(), "retention", &model_.retention);
    ReadRetry(options.retry());
    if (options.partitions() < 0) {
      Refuse(StrCat("partitions is ", options.partitions()), "",
             "a number from 1 on, or leave it out for 8");
    } else if (options.partitions() > 0) {
      model_.partitions = options.partitions();
    }
    if (service_->method_count() == 0) {
      Refuse(StrCat(service_->name(), " has no events"), "",
             "rpc Created(<payload>) returns (google.protobuf.Empty) {...}");
    }
    std::map<std::string, std::string> seen;
    for (int i = 0; i < service_->method_count(); ++i) {
      ReadEvent(service_->method(i), &seen);
    }
    return model_;
  }

 private:
  void Refuse(std::string_view what, std::string_view why,
              std::string_view fix) {
    diagnostics_->Error(Place::OfOption(service_, kEmitter), what, why, fix);
  }

  void ReadTopics(const v1::Emitter& options) {
    model_.topic = options.topic();
    model_.dead_letter_topic = options.dead_letter_topic().empty()
                                   ? options.topic() + ".dead"
                                   : options.dead_letter_topic();
    if (options.topic().empty()) {
      Refuse(StrCat("emitter contract ", service_->name(), " has no topic"),
             "its events are published on one",
             StrCat("option (millrace.v1.emitter) = {topic: \"",
                    service_->file()->package(), ".events\"};"));
      return;
    }
    for (const std::string& topic :
         std::set<std::string>{model_.topic, model_.dead_letter_topic}) {
      if (IsTopicName(topic)) continue;
      Refuse(StrCat("'", topic, "' cannot be the name of a topic"),
             "Kafka takes up to 249 of a-z A-Z 0-9 . _ -",
             StrCat("a name such as \"", service_->file()->package(),
                    ".events\""));
    }
    if (model_.topic == model_.dead_letter_topic) {
      Refuse(StrCat("dead letters of '", model_.topic,
                    "' would go to the topic itself"),
             "each would be delivered and fail again",
             "another dead_letter_topic, or leave it out");
    }
  }

  void ReadDuration(const std::string& text, std::string_view name,
                    DurationText* duration) {
    if (text.empty()) return;
    if (const auto parsed = DurationText::Parse(text)) {
      *duration = *parsed;
      return;
    }
    Refuse(StrCat(name, " is '", text, "'"),
           "a duration is a whole number and one of ms, s, m, h, d",
           StrCat(name, ": \"", name == "retention" ? "7d" : "250ms", "\""));
  }

  void ReadRetry(const v1::Retry& retry) {
    ReadDuration(retry.initial_backoff(), "initial_backoff",
                 &model_.initial_backoff);
    ReadDuration(retry.max_backoff(), "max_backoff", &model_.max_backoff);
    if (retry.max_attempts() < 0) {
      Refuse(StrCat("max_attempts is ", retry.max_attempts()), "",
             "a number from 1 on, or leave it out for 5");
    } else if (retry.max_attempts() > 0) {
      model_.max_attempts = retry.max_attempts();
    }
    if (retry.multiplier() != 0 && !(retry.multiplier() >= 1)) {
      Refuse(StrCat("multiplier is ", retry.multiplier()),
             "pauses between attempts must not shrink",
             "a number from 1 on, or leave it out for 2");
    } else if (retry.multiplier() != 0) {
      model_.multiplier = retry.multiplier();
    }
  }

  void ReadEvent(const pb::MethodDescriptor* method,
                 std::map<std::string, std::string>* seen) {
    const std::string event = StrCat(service_->name(), ".", method->name());
    if (kTaken.count(method->name()) > 0) {
      diagnostics_->Error(Place::Of(method),
                          StrCat("an event cannot be called ", method->name()),
                          "the generated code uses the name itself",
                          "a past participle such as Created");
    }
    const auto [other, added] =
        seen->emplace(absl::AsciiStrToLower(method->name()), method->name());
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
    std::set<const pb::Descriptor*> visited;
    RefuseSensitive(method, method->input_type(), method->input_type()->name(),
                    &visited);
    model_.events.push_back({method, ReadKey(method, event)});
  }

  std::vector<const pb::FieldDescriptor*> ReadKey(
      const pb::MethodDescriptor* method, const std::string& event) {
    const pb::Descriptor* message = method->input_type();
    const std::string& key = method->options().GetExtension(v1::event).key();
    if (key.empty()) {
      diagnostics_->Error(Place::Of(method),
                          StrCat("event ", event, " has no key"), kWhyKey,
                          KeyFix(message, "", ""));
      return {};
    }
    const Place place = Place::OfOption(method, kEvent);
    std::vector<const pb::FieldDescriptor*> path;
    std::string prefix;
    for (absl::string_view step : absl::StrSplit(key, '.')) {
      const std::string name(step);
      if (message == nullptr) {
        diagnostics_->Error(
            place,
            StrCat("the key '", key, "' of event ", event, " goes on behind ",
                   path.back()->full_name(), ", which is no message"),
            "", StrCat("a key that ends there"));
        return {};
      }
      const pb::FieldDescriptor* field = message->FindFieldByName(name);
      if (field == nullptr) {
        diagnostics_->Error(
            place,
            StrCat("event ", event, " is keyed by '", key, "', but ",
                   message->name(), " has no field '", name, "'",
                   DidYouMean(name, FieldNames(message))),
            kWhyKey, KeyFix(message, prefix, name));
        return {};
      }
      path.push_back(field);
      StrAppend(&prefix, name, ".");
      message = field->is_repeated() ? nullptr : field->message_type();
    }
    if (!CanBeKey(path.back())) {
      diagnostics_->Error(
          place,
          StrCat("event ", event, " is keyed by '", key, "', which is of type ",
                 TypeText(path.back())),
          "a key is one exact value: a string, bytes, integer, bool or enum",
          KeyFix(method->input_type(), "", key));
    }
    return path;
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
  Diagnostics* const diagnostics_;
  EmitterModel model_;
};

}  // namespace

std::optional<DurationText> DurationText::Parse(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789");
  DurationText duration;
  if (digits == text.npos || digits == 0 || digits > 9 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(0, digits)), &duration.count)) {
    return std::nullopt;
  }
  duration.unit = std::string(text.substr(digits));
  static const std::set<std::string> kUnits = {"ms", "s", "m", "h", "d"};
  if (kUnits.count(duration.unit) == 0) return std::nullopt;
  return duration;
}

std::string DurationText::ToCode() const {
  if (unit == "ms") return StrCat("absl::Milliseconds(", count, ")");
  if (unit == "s") return StrCat("absl::Seconds(", count, ")");
  if (unit == "m") return StrCat("absl::Minutes(", count, ")");
  if (unit == "h") return StrCat("absl::Hours(", count, ")");
  return StrCat("absl::Hours(24 * ", count, ")");
}

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
    for (const std::string& topic :
         {emitter.topic, emitter.dead_letter_topic}) {
      if (emitter.topic.empty()) continue;
      const auto [owner, added] = owners.emplace(topic, emitter.service);
      if (added || owner->second == emitter.service) continue;
      diagnostics->Error(
          Place::OfOption(emitter.service, kEmitter),
          StrCat("topic '", topic, "' of ", emitter.service->name(),
                 " belongs to ", owner->second->full_name(), " already"),
          StrCat("a topic has one contract; the other is declared at ",
                 Place::Of(owner->second).ToString()),
          StrCat("a topic such as \"", emitter.service->file()->package(), ".",
                 absl::AsciiStrToLower(emitter.service->name()), "\""));
      break;  // the topic of its dead letters follows from it, mostly
    }
  }
}

}  // namespace millrace::compiler
