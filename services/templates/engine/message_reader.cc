#include "services/templates/engine/message_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "services/templates/engine/json_reader.h"
#include "services/templates/engine/key_hash.h"
#include "services/templates/engine/number_text.h"

namespace millrace::templates {
namespace {

namespace pb = google::protobuf;

bool IsWrapper(const std::string& name) {
  static constexpr const char* kNames[] = {
      "DoubleValue", "FloatValue", "Int64Value",  "UInt64Value", "Int32Value",
      "UInt32Value", "BoolValue",  "StringValue", "BytesValue"};
  if (name.rfind("google.protobuf.", 0) != 0) return false;
  for (const char* wrapper : kNames) {
    if (name.compare(16, name.npos, wrapper) == 0) return true;
  }
  return false;
}

bool IsTextInJson(const std::string& name) {
  return name == "google.protobuf.Timestamp" ||
         name == "google.protobuf.Duration" ||
         name == "google.protobuf.FieldMask";
}

Value Bool(bool value) {
  Value result;
  result.kind = value ? Kind::kTrue : Kind::kFalse;
  return result;
}

}  // namespace

std::string_view OtherNameOf(const pb::FieldDescriptor& field) {
  const std::string& json = field.json_name();
  return json == field.name() ? std::string_view() : std::string_view(json);
}

absl::StatusOr<Value> MessageReader::Read(const Message& message) {
  const Value value = ReadAny(message, 1);
  if (!status_.ok()) return status_;
  return value;
}

Value MessageReader::ReadAny(const Message& message, int depth) {
  if (!status_.ok()) return {};
  if (depth > max_depth_) {
    return Fail(StrCat("the message is nested deeper than ", max_depth_));
  }
  const pb::Descriptor* type = message.GetDescriptor();
  const std::string& name = type->full_name();
  if (IsTextInJson(name)) return ReadAsJsonText(message);
  if (IsWrapper(name)) return ReadOne(message, type->field(0), -1, depth);
  if (name == "google.protobuf.Any") return ReadPacked(message, depth);
  if (name == "google.protobuf.Value") return ReadJsonValue(message, depth);
  if (name == "google.protobuf.Struct") {
    return ReadMap(message, type->field(0), depth);
  }
  if (name == "google.protobuf.ListValue") {
    return ReadList(message, type->field(0), depth);
  }
  return ReadObject(message, depth);
}

Value MessageReader::ReadObject(const Message& message, int depth) {
  const pb::Descriptor* type = message.GetDescriptor();
  const pb::Reflection* reflection = message.GetReflection();
  std::vector<Member> members, aliases;
  for (int i = 0; i < type->field_count(); ++i) {
    const Field* field = type->field(i);
    if (field->options().GetExtension(v1::sensitive)) continue;
    if (field->has_presence() && !reflection->HasField(message, field)) {
      continue;
    }
    const Value value = ReadField(message, field, depth);
    members.push_back(MakeMember(field->name(), value));
    const std::string_view other = OtherNameOf(*field);
    if (!other.empty()) aliases.push_back(MakeMember(other, value));
  }
  members.insert(members.end(), aliases.begin(), aliases.end());
  Value object = Object(members);
  object.aliases = static_cast<uint16_t>(aliases.size());
  return object;
}

Value MessageReader::ReadField(const Message& message, const Field* field,
                               int depth) {
  if (field->is_map()) return ReadMap(message, field, depth + 1);
  if (field->is_repeated()) return ReadList(message, field, depth + 1);
  return ReadOne(message, field, -1, depth);
}

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

Value MessageReader::ReadList(const Message& message, const Field* field,
                              int depth) {
  const int size = message.GetReflection()->FieldSize(message, field);
  std::vector<Value> items;
  items.reserve(size);
  for (int i = 0; i < size && status_.ok(); ++i) {
    items.push_back(ReadOne(message, field, i, depth));
  }
  return List(items);
}

// In the order of the keys, so that the same message always gives the same
// text: maps have none.
Value MessageReader::ReadMap(const Message& message, const Field* field,
                             int depth) {
  const pb::Reflection* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  std::vector<Member> members;
  members.reserve(size);
  for (int i = 0; i < size && status_.ok(); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    const Field* key = entry.GetDescriptor()->map_key();
    Value name = ReadOne(entry, key, -1, depth);
    if (key->cpp_type() == Field::CPPTYPE_BOOL) {
      name = Text(name.kind == Kind::kTrue ? "true" : "false");
    }
    members.push_back(MakeMember(
        name.text_view(),
        ReadOne(entry, entry.GetDescriptor()->map_value(), -1, depth)));
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& a, const Member& b) {
                     return a.key_view() < b.key_view();
                   });
  // On the wire a key may be there twice; the last one counts.
  std::vector<Member> last;
  for (const Member& member : members) {
    if (!last.empty() && last.back().key_view() == member.key_view()) {
      last.pop_back();
    }
    last.push_back(member);
  }
  return Object(last);
}

// The message in an Any, with its type; the type alone when the program does
// not know it, or the bytes are none.
Value MessageReader::ReadPacked(const Message& any, int depth) {
  const pb::Descriptor* type = any.GetDescriptor();
  std::string scratch;
  const std::string& url = any.GetReflection()->GetStringReference(
      any, type->FindFieldByNumber(1), &scratch);
  std::vector<Member> members = {MakeMember("@type", Text(url))};
  const pb::Descriptor* packed = type->file()->pool()->FindMessageTypeByName(
      url.substr(url.rfind('/') + 1));
  const Message* prototype =
      packed == nullptr
          ? nullptr
          : pb::MessageFactory::generated_factory()->GetPrototype(packed);
  if (prototype == nullptr) return Object(members);
  const std::unique_ptr<Message> message(prototype->New());
  if (!message->ParsePartialFromString(
          any.GetReflection()->GetString(any, type->FindFieldByNumber(2)))) {
    return Object(members);
  }
  const Value value = ReadAny(*message, depth + 1);
  if (!value.is_object()) {
    members.push_back(MakeMember("value", value));
    return Object(members);
  }
  members.insert(members.end(), value.members, value.members + value.size);
  Value object = Object(members);
  object.aliases = value.aliases;
  return object;
}

Value MessageReader::ReadJsonValue(const Message& value, int depth) {
  const pb::OneofDescriptor* kind = value.GetDescriptor()->oneof_decl(0);
  const Field* field =
      value.GetReflection()->GetOneofFieldDescriptor(value, kind);
  return field == nullptr ? Value{} : ReadOne(value, field, -1, depth - 1);
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
