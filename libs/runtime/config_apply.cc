#include "runtime/config_apply.h"

#include <google/protobuf/message.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "runtime/config_schema.h"

namespace millrace::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = ConfigNode::Kind;

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

std::string_view TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return SettingOf(field).duration() ? "a duration such as 10s" : "a text";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "keys with values";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "a number";
    default:
      return "a whole number";
  }
}

std::string Found(const ConfigNode& node, bool secret) {
  switch (node.kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "keys with values";
    case Kind::kScalar:
      break;
  }
  if (secret) return "something else";
  return StrCat(node.quoted ? "the text '" : "'", node.text, "'");
}

class Applier {
 public:
  Applier(Places& places, Problems& problems)
      : places_(places), problems_(problems) {}

  void ApplyMessage(const ConfigNode& node, const std::string& at,
                    Message& message) {
    if (node.kind == Kind::kNull) return;
    if (node.kind != Kind::kMap) {
      Mismatch(node, at, "keys with values", false);
      return;
    }
    for (const ConfigEntry& entry : node.entries) {
      const FieldDescriptor* field =
          FieldNamed(*message.GetDescriptor(), entry.key);
      const std::string path = at.empty() ? entry.key : at + "." + entry.key;
      if (field == nullptr) {
        UnknownKey(entry, at, *message.GetDescriptor());
      } else if (field->is_map()) {
        ApplyMap(entry.value, path, *field, message);
      } else {
        ApplyField(entry.value, path, *field, message);
      }
    }
  }

 private:
  void ApplyField(const ConfigNode& node, const std::string& path,
                  const FieldDescriptor& field, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      ApplyList(node, path, field, message);
    } else if (IsMessage(field)) {
      ApplyMessage(node, path, *reflection.MutableMessage(&message, &field));
    } else if (SetScalar(node, path, field, message)) {
      places_[path] = node.place;
    }
  }

  void ApplyMap(const ConfigNode& node, const std::string& path,
                const FieldDescriptor& field, Message& message) {
    if (node.kind == Kind::kNull) return;
    if (node.kind != Kind::kMap) {
      Mismatch(node, path, "keys with values", false);
      return;
    }
    const FieldDescriptor& value = *field.message_type()->map_value();
    for (const ConfigEntry& entry : node.entries) {
      Message& pair = EntryOf(entry.key, field, message);
      ApplyField(entry.value, path + "." + entry.key, value, pair);
    }
  }

  // The pair of a map with this key, which is added when it is missing.
  static Message& EntryOf(const std::string& key, const FieldDescriptor& field,
                          Message& message) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor* name = field.message_type()->map_key();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      Message& pair = *reflection.MutableRepeatedMessage(&message, &field, i);
      if (pair.GetReflection()->GetString(pair, name) == key) return pair;
    }
    Message& pair = *reflection.AddMessage(&message, &field);
    pair.GetReflection()->SetString(&pair, name, key);
    return pair;
  }

  // Lists are of texts, and replaced as a whole.
  void ApplyList(const ConfigNode& node, const std::string& path,
                 const FieldDescriptor& field, Message& message) {
    if (node.kind != Kind::kList) {
      Mismatch(node, path, "a list", false);
      return;
    }
    const Reflection& reflection = *message.GetReflection();
    reflection.ClearField(&message, &field);
    for (const ConfigNode& item : node.items) {
      if (item.kind != Kind::kScalar) {
        Mismatch(item, path, "a text", false);
        continue;
      }
      reflection.AddString(&message, &field, item.text);
    }
    places_[path] = node.place;
  }

  bool SetScalar(const ConfigNode& node, const std::string& path,
                 const FieldDescriptor& field, Message& message) {
    const bool secret = SettingOf(field).secret();
    if (secret && (node.place.kind == Place::Kind::kFile ||
                   node.place.kind == Place::Kind::kFlag)) {
      problems_.push_back(StrCat(node.place.text, ": ", path,
                                 " is a secret, which does not belong here; ",
                                 HowToSet(path)));
      return false;
    }
    if (node.kind == Kind::kScalar && Store(node, field, message)) return true;
    Mismatch(node, path, TypeName(field), secret);
    return false;
  }

  static bool Store(const ConfigNode& node, const FieldDescriptor& field,
                    Message& message) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.SetString(&message, &field, node.text);
        return true;
      case FieldDescriptor::CPPTYPE_BOOL: {
        const bool yes = node.text == "true";
        if (node.quoted || (!yes && node.text != "false")) return false;
        reflection.SetBool(&message, &field, yes);
        return true;
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        int32_t number = 0;
        if (node.quoted || !absl::SimpleAtoi(node.text, &number)) return false;
        reflection.SetInt32(&message, &field, number);
        return true;
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        int64_t number = 0;
        if (node.quoted || !absl::SimpleAtoi(node.text, &number)) return false;
        reflection.SetInt64(&message, &field, number);
        return true;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        double number = 0;
        if (node.quoted || !absl::SimpleAtod(node.text, &number)) return false;
        reflection.SetDouble(&message, &field, number);
        return true;
      }
      default:
        return false;
    }
  }

  void Mismatch(const ConfigNode& node, const std::string& path,
                std::string_view expected, bool secret) {
    problems_.push_back(
        StrCat(node.place.text, ": ", path.empty() ? "the configuration" : path,
               " must be ", expected, ", not ", Found(node, secret)));
  }

  void UnknownKey(const ConfigEntry& entry, const std::string& at,
                  const Descriptor& message) {
    const std::string prefix = at.empty() ? "" : at + ".";
    std::vector<std::string> known;
    for (const FieldDescriptor* field : FieldsOf(message)) {
      known.push_back(field->name());
    }
    const std::string near = Closest(entry.key, known);
    problems_.push_back(
        StrCat(entry.place.text, ": unknown key '", prefix, entry.key, "'; ",
               near.empty() ? StrCat("known here: ", absl::StrJoin(known, ", "))
                            : StrCat("did you mean '", prefix, near, "'?")));
  }

  Places& places_;
  Problems& problems_;
};

}  // namespace

void Apply(const ConfigNode& node, config::v1::Config& config, Places& places,
           Problems& problems) {
  Applier(places, problems).ApplyMessage(node, "", config);
}

ConfigNode NodeFor(const std::string& path, const std::string& text,
                   const Place& place) {
  ConfigNode leaf;
  leaf.place = place;
  const FieldDescriptor* field = FindField(path);
  if (field != nullptr && field->is_repeated() && !field->is_map()) {
    leaf.kind = Kind::kList;
    for (const absl::string_view item :
         absl::StrSplit(text, ',', absl::SkipWhitespace())) {
      ConfigNode node;
      node.kind = Kind::kScalar;
      node.place = place;
      node.text = std::string(absl::StripAsciiWhitespace(item));
      leaf.items.push_back(std::move(node));
    }
  } else {
    leaf.kind = Kind::kScalar;
    leaf.text = text;
  }
  const std::vector<std::string> steps = absl::StrSplit(path, '.');
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    ConfigNode parent;
    parent.kind = Kind::kMap;
    parent.place = place;
    parent.entries.push_back({*step, place, std::move(leaf)});
    leaf = std::move(parent);
  }
  return leaf;
}

}  // namespace millrace::runtime
