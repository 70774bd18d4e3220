#include "tokens/json_object.h"

#include <utility>

#include "base/strings.h"
#include "contract/json.h"
#include "contract/json_check.h"
#include "contract/json_string.h"
#include "contract/utf8.h"

namespace millrace::tokens {
namespace {

using google::protobuf::Value;

constexpr int kMaxDepth = 8;
constexpr double kYear10000 = 253'402'300'800.0;

absl::Status Wrong(std::string_view name, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("'", name, "' ", what));
}

}  // namespace

JsonObject::JsonObject(google::protobuf::Struct fields)
    : fields_(std::move(fields)) {}

absl::StatusOr<JsonObject> JsonObject::Read(std::string_view text) {
  if (absl::Status status = CheckJson(text, {.max_depth = kMaxDepth});
      !status.ok()) {
    return status;
  }
  google::protobuf::Struct fields;
  if (absl::Status status = FromJson(text, &fields); !status.ok()) {
    return status;
  }
  return JsonObject(std::move(fields));
}

const Value* JsonObject::Find(std::string_view name) const {
  const auto found = fields_.fields().find(std::string(name));
  return found == fields_.fields().end() ? nullptr : &found->second;
}

absl::StatusOr<std::optional<std::string>> JsonObject::Text(
    std::string_view name) const {
  const Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind_case() != Value::kStringValue) {
    return Wrong(name, "must be a string");
  }
  return value->string_value();
}

absl::StatusOr<std::string> JsonObject::RequiredText(
    std::string_view name) const {
  auto text = Text(name);
  if (!text.ok()) return text.status();
  if (!*text || (*text)->empty()) return Wrong(name, "is missing");
  return **std::move(text);
}

absl::StatusOr<std::optional<std::vector<std::string>>> JsonObject::Texts(
    std::string_view name) const {
  const Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind_case() != Value::kListValue) {
    return Wrong(name, "must be a list of strings");
  }
  std::vector<std::string> texts;
  for (const Value& element : value->list_value().values()) {
    if (element.kind_case() != Value::kStringValue) {
      return Wrong(name, "must be a list of strings");
    }
    texts.push_back(element.string_value());
  }
  return texts;
}

absl::StatusOr<std::optional<absl::Time>> JsonObject::Time(
    std::string_view name) const {
  const Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind_case() != Value::kNumberValue) {
    return Wrong(name, "must be a number of seconds");
  }
  const double seconds = value->number_value();
  if (!(seconds >= 0 && seconds < kYear10000)) {
    return Wrong(name, "is no time between 1970 and 9999");
  }
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

absl::StatusOr<std::optional<std::vector<JsonObject>>> JsonObject::Objects(
    std::string_view name) const {
  const Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind_case() != Value::kListValue) {
    return Wrong(name, "must be a list of objects");
  }
  std::vector<JsonObject> objects;
  for (const Value& element : value->list_value().values()) {
    if (element.kind_case() != Value::kStructValue) {
      return Wrong(name, "must be a list of objects");
    }
    objects.emplace_back(element.struct_value());
  }
  return objects;
}

absl::StatusOr<std::string> JsonQuoted(std::string_view text) {
  if (FirstInvalidUtf8(text) < text.size()) {
    return absl::InvalidArgumentError("the text is not valid UTF-8");
  }
  return JsonString(text);
}

}  // namespace millrace::tokens
