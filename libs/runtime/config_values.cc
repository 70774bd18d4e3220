#include "runtime/config_values.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "runtime/config_schema.h"
#include "runtime/config_validate.h"
#include "store/database_url.h"

namespace millrace::runtime {
namespace {

using config::v1::Config;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// The types that config_apply.cc stores.
std::string TextOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return StrCat(reflection.GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return StrCat(reflection.GetDouble(message, &field));
    default:
      return reflection.GetString(message, &field);
  }
}

class Lister {
 public:
  explicit Lister(std::vector<ConfigValue>& out) : out_(out) {}

  void AddMessage(const Message& message, const std::string& at) {
    const Reflection& reflection = *message.GetReflection();
    for (const FieldDescriptor* field : FieldsOf(*message.GetDescriptor())) {
      const std::string path = at + field->name();
      if (field->is_map()) {
        AddMap(message, *field, path);
      } else if (field->is_repeated()) {
        AddList(message, *field, path);
      } else if (IsMessage(*field)) {
        AddMessage(reflection.GetMessage(message, field), path + ".");
      } else {
        out_.push_back({path, TextOf(message, *field)});
      }
    }
  }

 private:
  void AddMap(const Message& message, const FieldDescriptor& field,
              const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor& value = *field.message_type()->map_value();
    std::map<std::string, const Message*> pairs;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& pair = reflection.GetRepeatedMessage(message, &field, i);
      pairs[TextOf(pair, *field.message_type()->map_key())] = &pair;
    }
    for (const auto& [key, pair] : pairs) {
      const std::string below = StrCat(path, ".", key);
      if (IsMessage(value)) {
        AddMessage(pair->GetReflection()->GetMessage(*pair, &value),
                   below + ".");
      } else {
        out_.push_back({below, TextOf(*pair, value)});
      }
    }
  }

  void AddList(const Message& message, const FieldDescriptor& field,
               const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    ConfigValue& list = out_.emplace_back();
    list.path = path;
    list.list = true;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (i > 0) list.text += ", ";
      list.text += reflection.GetRepeatedString(message, &field, i);
    }
  }

  std::vector<ConfigValue>& out_;
};

void TakeBelow(const Message& from, Message& to) {
  const Reflection& reflection = *from.GetReflection();
  for (const FieldDescriptor* field : FieldsOf(*from.GetDescriptor())) {
    if (field->is_repeated()) continue;
    if (IsMessage(*field)) {
      TakeBelow(reflection.GetMessage(from, field),
                *reflection.MutableMessage(&to, field));
      continue;
    }
    if (!SettingOf(*field).reload()) continue;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection.SetBool(&to, field, reflection.GetBool(from, field));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetInt32(&to, field, reflection.GetInt32(from, field));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.SetInt64(&to, field, reflection.GetInt64(from, field));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.SetDouble(&to, field, reflection.GetDouble(from, field));
        break;
      default:
        reflection.SetString(&to, field, reflection.GetString(from, field));
    }
  }
}

}  // namespace

std::vector<ConfigValue> ValuesOf(const Config& config) {
  Config whole = config;
  for (const std::string& service : config.services()) {
    (*whole.mutable_databases())[service];
  }
  std::vector<ConfigValue> values;
  Lister(values).AddMessage(whole, "");
  return values;
}

std::string Shown(const std::string& path, const std::string& text) {
  const FieldDescriptor* field = FindField(path);
  if (field == nullptr || text.empty()) return text;
  if (SettingOf(*field).secret()) return "[secret]";
  if (field->containing_type() != config::v1::Database::descriptor() ||
      field->name() != "url" || !HasPassword(text)) {
    return text;
  }
  const auto url = store::ParseDatabaseUrl(text, absl::Seconds(5));
  return url.ok() ? url->display : "[secret]";
}

std::vector<ConfigChange> Differences(const Config& before,
                                      const Config& after) {
  std::map<std::string, std::string> left;
  for (ConfigValue& value : ValuesOf(after)) {
    left.emplace(value.path, std::move(value.text));
  }
  std::vector<ConfigChange> changes;
  for (const ConfigValue& was : ValuesOf(before)) {
    const auto is = left.find(was.path);
    const std::string text = is == left.end() ? "" : is->second;
    if (is == left.end() || text != was.text) {
      changes.push_back(
          {was.path, Shown(was.path, was.text), Shown(was.path, text)});
    }
    if (is != left.end()) left.erase(is);
  }
  for (const auto& [path, text] : left) {
    changes.push_back({path, "", Shown(path, text)});
  }
  return changes;
}

bool Reloadable(const std::string& path) {
  const FieldDescriptor* field = FindField(path);
  return field != nullptr && SettingOf(*field).reload();
}

std::vector<std::string> ReloadablePaths() {
  std::vector<std::string> paths = Paths({});
  std::erase_if(paths,
                [](const std::string& path) { return !Reloadable(path); });
  return paths;
}

void TakeReloadable(const Config& from, Config& to) { TakeBelow(from, to); }

}  // namespace millrace::runtime
