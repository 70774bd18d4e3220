#include "services/templates/engine/message_reader.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"

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
    const auto* data = pb::DynamicCastToGenerated<pb::Struct>(&message);
    return data != nullptr ? ReadStruct(*data, depth)
                           : ReadMap(message, type->field(0), depth);
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

}  // namespace millrace::templates
