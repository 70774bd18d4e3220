#include "runtime/config_schema.h"

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kPrefix = "MILLRACE_";

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  return upper;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  return lower;
}

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

const FieldDescriptor& MapValue(const FieldDescriptor& field) {
  return *field.message_type()->map_value();
}

void AddPaths(const Descriptor& message, const std::string& at,
              const std::vector<std::string>& keys,
              std::vector<std::string>& out) {
  for (const FieldDescriptor* field : FieldsOf(message)) {
    const std::string path = at + field->name();
    if (field->is_map()) {
      for (const std::string& key : keys) {
        const std::string entry = StrCat(path, ".", key);
        const FieldDescriptor& value = MapValue(*field);
        if (IsMessage(value)) {
          AddPaths(*value.message_type(), entry + ".", keys, out);
        } else {
          out.push_back(entry);
        }
      }
    } else if (IsMessage(*field)) {
      AddPaths(*field->message_type(), path + ".", keys, out);
    } else {
      out.push_back(path);
    }
  }
}

// The path below `message` that `name`, what is left of a variable's name,
// stands for.
std::optional<std::string> Resolve(const Descriptor& message,
                                   std::string_view name);

std::optional<std::string> ResolveMap(const FieldDescriptor& field,
                                      std::string_view name) {
  const FieldDescriptor& value = MapValue(field);
  if (!IsMessage(value)) return Lower(name);
  for (size_t cut = name.find('_'); cut != name.npos;
       cut = name.find('_', cut + 1)) {
    if (cut == 0) continue;
    const auto rest = Resolve(*value.message_type(), name.substr(cut + 1));
    if (rest) return StrCat(Lower(name.substr(0, cut)), ".", *rest);
  }
  return std::nullopt;
}

std::optional<std::string> ResolveField(const FieldDescriptor& field,
                                        std::string_view name) {
  const std::string upper = Upper(field.name());
  if (!IsMessage(field)) {
    if (name == upper) return field.name();
    return std::nullopt;
  }
  if (name.size() <= upper.size() + 1 || !name.starts_with(upper) ||
      name[upper.size()] != '_') {
    return std::nullopt;
  }
  const std::string_view rest = name.substr(upper.size() + 1);
  const auto below = field.is_map() ? ResolveMap(field, rest)
                                    : Resolve(*field.message_type(), rest);
  if (!below) return std::nullopt;
  return StrCat(field.name(), ".", *below);
}

std::optional<std::string> Resolve(const Descriptor& message,
                                   std::string_view name) {
  // What has a name comes before a map, whose keys may be any: REMOTE_TLS_...
  // is of remote_tls, not of remote.
  for (const bool maps : {false, true}) {
    for (const FieldDescriptor* field : FieldsOf(message)) {
      if (field->is_map() != maps) continue;
      if (auto path = ResolveField(*field, name)) return path;
    }
  }
  return std::nullopt;
}

}  // namespace

const config::v1::Setting& SettingOf(const FieldDescriptor& field) {
  return field.options().GetExtension(config::v1::setting);
}

std::vector<const FieldDescriptor*> FieldsOf(const Descriptor& message) {
  std::vector<const FieldDescriptor*> fields;
  if (message.extension_range_count() > 0) {
    message.file()->pool()->FindAllExtensions(&message, &fields);
    std::sort(fields.begin(), fields.end(),
              [](const FieldDescriptor* a, const FieldDescriptor* b) {
                return a->name() < b->name();
              });
  }
  std::vector<const FieldDescriptor*> own;
  for (int i = 0; i < message.field_count(); ++i) {
    own.push_back(message.field(i));
  }
  fields.insert(fields.begin(), own.begin(), own.end());
  return fields;
}

const FieldDescriptor* FieldNamed(const Descriptor& message,
                                  std::string_view name) {
  for (const FieldDescriptor* field : FieldsOf(message)) {
    if (field->name() == name) return field;
  }
  return nullptr;
}

const FieldDescriptor* FindField(std::string_view path) {
  const Descriptor* message = config::v1::Config::descriptor();
  const FieldDescriptor* field = nullptr;
  while (!path.empty()) {
    if (message == nullptr) return nullptr;
    const size_t dot = path.find('.');
    field = FieldNamed(*message, path.substr(0, dot));
    if (field == nullptr) return nullptr;
    path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
    if (field->is_map() && !path.empty()) {
      const size_t end = path.find('.');
      path = end == path.npos ? std::string_view() : path.substr(end + 1);
      field = &MapValue(*field);
    }
    message = IsMessage(*field) ? field->message_type() : nullptr;
  }
  return field;
}

std::vector<std::string> Paths(const std::vector<std::string>& services) {
  std::vector<std::string> paths;
  AddPaths(*config::v1::Config::descriptor(), "", services, paths);
  return paths;
}

std::string EnvironmentName(std::string_view path) {
  std::string name = Upper(path);
  std::replace(name.begin(), name.end(), '.', '_');
  return StrCat(kPrefix, name);
}

std::optional<std::string> PathOfEnvironment(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  return Resolve(*config::v1::Config::descriptor(),
                 name.substr(kPrefix.size()));
}

std::string HowToSet(std::string_view path) {
  const std::string variable = EnvironmentName(path);
  const FieldDescriptor* field = FindField(path);
  if (field != nullptr && SettingOf(*field).secret()) {
    return StrCat("set it with ", variable, "_FILE, the name of a file that ",
                  "holds it, or ", variable);
  }
  if (field != nullptr && !SettingOf(*field).flag().empty()) {
    return StrCat("set it with ", SettingOf(*field).flag(), " or ", variable);
  }
  return StrCat("set it with --set ", path, "=... or ", variable);
}

std::vector<FlagOfPath> Flags() {
  std::vector<FlagOfPath> flags;
  for (const std::string& path : Paths({})) {
    const std::string& flag = SettingOf(*FindField(path)).flag();
    if (!flag.empty()) flags.push_back({flag, path});
  }
  return flags;
}

}  // namespace millrace::runtime
