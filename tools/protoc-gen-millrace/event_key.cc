#include "tools/protoc-gen-millrace/event_key.h"

#include <string>
#include <string_view>

#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kWhyKey =
    "events with the same key are handled in order, so that each needs one";

// A path of fields of the message types, none of which may be missing.
bool CanBeOnPath(const pb::FieldDescriptor* field) {
  return !field->is_repeated() && field->real_containing_oneof() == nullptr;
}

bool CanBeKey(const pb::FieldDescriptor* field) {
  if (!CanBeOnPath(field)) return false;
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

std::string TypeText(const pb::FieldDescriptor* field) {
  if (field->is_map()) return "map";
  return StrCat(field->is_repeated() ? "repeated " : "",
                field->message_type() != nullptr
                    ? field->message_type()->full_name()
                    : field->type_name());
}

class KeyReader {
 public:
  KeyReader(const pb::MethodDescriptor* event, Diagnostics* diagnostics)
      : event_(event),
        key_(event->options().GetExtension(v1::event).key()),
        name_(StrCat(event->service()->name(), ".", event->name())),
        message_(event->input_type()),
        diagnostics_(diagnostics) {}

  std::vector<const pb::FieldDescriptor*> Read() {
    if (key_.empty()) {
      diagnostics_->Error(Place::Of(event_),
                          StrCat("event ", name_, " has no key"), kWhyKey,
                          Fix(""));
      return {};
    }
    for (absl::string_view step : absl::StrSplit(key_, '.')) {
      if (!Step(std::string(step))) return path_;
    }
    if (!CanBeKey(path_.back())) {
      Refuse(StrCat("event ", name_, " is keyed by '", key_,
                    "', which is of type ", TypeText(path_.back())),
             "a key is one exact value: a string, bytes, integer, bool or enum",
             Fix(path_.back()->name()));
    }
    return path_;
  }

 private:
  void Refuse(std::string_view what, std::string_view why,
              std::string_view fix) {
    diagnostics_->Error(Place::OfOption(event_, v1::kEventFieldNumber), what,
                        why, fix);
  }

  // One field further; false when that is an error.
  bool Step(const std::string& name) {
    if (!path_.empty()) {
      const pb::FieldDescriptor* last = path_.back();
      message_ = last->message_type();
      if (last->is_repeated() || message_ == nullptr) {
        Refuse(StrCat("the key '", key_, "' of event ", name_,
                      " goes on behind ", last->full_name(), ", which is ",
                      last->is_repeated() ? TypeText(last) : "no message"),
               last->is_repeated() ? "a key is one value, and this may be many"
                                   : "only a message has fields",
               last->is_repeated() ? "a key outside of it"
                                   : "a key that ends there");
        return false;
      }
      StrAppend(&prefix_, last->name(), ".");
    }
    const pb::FieldDescriptor* field = message_->FindFieldByName(name);
    if (field == nullptr) {
      Refuse(StrCat("event ", name_, " is keyed by '", key_, "', but ",
                    message_->name(), " has no field '", name, "'",
                    DidYouMean(name, FieldNames(message_))),
             kWhyKey, Fix(name));
      return false;
    }
    path_.push_back(field);
    if (field->real_containing_oneof() != nullptr) {
      Refuse(
          StrCat("event ", name_, " is keyed by '", key_, "', but ",
                 field->full_name(), " is part of oneof ",
                 field->real_containing_oneof()->name()),
          "an event with another field of the oneof would have no key of its "
          "own",
          Fix(name));
      return false;
    }
    return true;
  }

  // The option as it could be written with a field of the message that has been
  // reached; `meant` is what was tried.
  std::string Fix(const std::string& meant) const {
    const std::vector<std::string> names = KeyNames(message_);
    if (names.empty() && message_->file()->package() == "google.protobuf") {
      return StrCat("a payload of your own with a field such as 'string id', ",
                    "and {key: \"", prefix_, "id\"}");
    }
    if (names.empty()) {
      return StrCat("a field such as 'string id' in ", message_->name(),
                    ", and {key: \"", prefix_, "id\"}");
    }
    const std::string near = Closest(meant, names);
    return StrCat("option (millrace.v1.event) = {key: \"", prefix_,
                  near.empty() ? names[0] : near, "\"};");
  }

  const pb::MethodDescriptor* const event_;
  const std::string key_;
  const std::string name_;
  std::vector<const pb::FieldDescriptor*> path_;
  const pb::Descriptor* message_;  // that the next step is taken in
  std::string prefix_;             // the steps that lead there
  Diagnostics* const diagnostics_;
};

}  // namespace

std::vector<const pb::FieldDescriptor*> ReadKey(
    const pb::MethodDescriptor* event, Diagnostics* diagnostics) {
  return KeyReader(event, diagnostics).Read();
}

}  // namespace millrace::compiler
