// The values of single fields, and how values are put together.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "services/templates/engine/json_reader.h"
#include "services/templates/engine/key_hash.h"
#include "services/templates/engine/message_reader.h"
#include "services/templates/engine/number_text.h"

namespace millrace::templates {
namespace {

namespace pb = google::protobuf;

Value Bool(bool value) {
  Value result;
  result.kind = value ? Kind::kTrue : Kind::kFalse;
  return result;
}

}  // namespace

Value MessageReader::ReadOne(const Message& message, const Field* field,
                             int index, int depth) {
  const pb::Reflection* r = message.GetReflection();
  const bool repeated = index >= 0;
  std::string scratch;
  switch (field->cpp_type()) {
    case Field::CPPTYPE_BOOL:
      return Bool(repeated ? r->GetRepeatedBool(message, field, index)
                           : r->GetBool(message, field));
    case Field::CPPTYPE_INT32:
      return Integer(StrCat(repeated
                                ? r->GetRepeatedInt32(message, field, index)
                                : r->GetInt32(message, field)));
    case Field::CPPTYPE_UINT32:
      return Integer(StrCat(repeated
                                ? r->GetRepeatedUInt32(message, field, index)
                                : r->GetUInt32(message, field)));
    case Field::CPPTYPE_INT64:
      return Integer(StrCat(repeated
                                ? r->GetRepeatedInt64(message, field, index)
                                : r->GetInt64(message, field)));
    case Field::CPPTYPE_UINT64:
      return Integer(StrCat(repeated
                                ? r->GetRepeatedUInt64(message, field, index)
                                : r->GetUInt64(message, field)));
    case Field::CPPTYPE_DOUBLE:
      return Number(repeated ? r->GetRepeatedDouble(message, field, index)
                             : r->GetDouble(message, field));
    case Field::CPPTYPE_FLOAT: {
      const float value = repeated ? r->GetRepeatedFloat(message, field, index)
                                   : r->GetFloat(message, field);
      if (!std::isfinite(value)) return Number(value);
      // The shortest decimal that gives the float again, as JSON has it.
      char digits[kNumberTextSize];
      const char* end =
          std::to_chars(digits, digits + sizeof(digits), value).ptr;
      double shortest = value;
      std::from_chars(digits, end, shortest);
      return Number(shortest);
    }
    case Field::CPPTYPE_STRING: {
      const std::string& text =
          repeated
              ? r->GetRepeatedStringReference(message, field, index, &scratch)
              : r->GetStringReference(message, field, &scratch);
      if (field->type() == Field::TYPE_BYTES) {
        return Text(absl::Base64Escape(text));
      }
      return Text(text);
    }
    case Field::CPPTYPE_ENUM: {
      const int number = repeated
                             ? r->GetRepeatedEnumValue(message, field, index)
                             : r->GetEnumValue(message, field);
      const auto* value = field->enum_type()->FindValueByNumber(number);
      if (field->enum_type()->full_name() == "google.protobuf.NullValue") {
        return {};
      }
      return value != nullptr ? Text(value->name()) : Integer(StrCat(number));
    }
    case Field::CPPTYPE_MESSAGE:
      return ReadAny(repeated ? r->GetRepeatedMessage(message, field, index)
                              : r->GetMessage(message, field),
                     depth + 1);
  }
  return {};
}

Value MessageReader::ReadAsJsonText(const Message& message) {
  std::string json;
  const auto status = pb::util::MessageToJsonString(message, &json);
  if (!status.ok()) {
    return Fail(StrCat(
        message.GetDescriptor()->full_name(), " has no JSON form: ",
        std::string_view(status.message().data(), status.message().size())));
  }
  return Text(std::string_view(json).substr(1, json.size() - 2));
}

Value MessageReader::Text(std::string_view text) {
  Value value;
  value.kind = Kind::kString;
  value.size = static_cast<uint32_t>(text.size());
  value.text = arena_->CopyText(text);
  return value;
}

// What JSON has no number for is a text there.
Value MessageReader::Number(double number) {
  if (std::isnan(number)) return Text("NaN");
  if (std::isinf(number)) return Text(number > 0 ? "Infinity" : "-Infinity");
  char text[kNumberTextSize];
  return Integer({text, WriteNumber(number, text)});
}

Value MessageReader::Integer(std::string_view digits) {
  Value value = Text(digits);
  value.kind = Kind::kNumber;
  return value;
}

Value MessageReader::Object(const std::vector<Member>& members) {
  Shape none;
  const auto object = MakeObject(
      members.data(), static_cast<uint32_t>(members.size()), &none, arena_);
  return object ? *object : Fail("two fields have one name in JSON");
}

Value MessageReader::List(const std::vector<Value>& items) {
  Value list;
  list.kind = Kind::kList;
  list.size = static_cast<uint32_t>(items.size());
  Value* copy = arena_->AllocateArray<Value>(items.size());
  std::copy(items.begin(), items.end(), copy);
  list.items = copy;
  return list;
}

Value MessageReader::Fail(const std::string& message) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(message);
  return {};
}

Member MessageReader::MakeMember(std::string_view key, const Value& value) {
  Member member;
  member.hash = HashKey(key);
  member.key_size = static_cast<uint32_t>(key.size());
  member.key = arena_->CopyText(key);
  member.value = value;
  return member;
}

}  // namespace millrace::templates
