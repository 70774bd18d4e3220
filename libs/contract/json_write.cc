// Messages to JSON, by reflection.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "contract/json.h"
#include "contract/json_scalars.h"
#include "contract/json_string.h"
#include "contract/json_types.h"
#include "millrace/v1/contract.pb.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;
using pb::FieldDescriptor;

bool IsSensitive(const FieldDescriptor& field) {
  // Most fields have no options at all.
  return &field.options() != &pb::FieldOptions::default_instance() &&
         field.options().GetExtension(v1::sensitive);
}

// The value of a well-known type as the class that every program has; a
// dynamic message is read into `copy` by its bytes.
template <typename T>
const T& As(const pb::Message& message, T* copy) {
  if (const auto* generated = pb::DynamicCastToGenerated<T>(&message)) {
    return *generated;
  }
  copy->ParsePartialFromString(message.SerializePartialAsString());
  return *copy;
}

// Recursive descent, in a bounded depth. Each method appends one value, and
// answers false when it has no JSON, with what_ set.
class Writer {
 public:
  absl::StatusOr<std::string> Write(const pb::Message& message) {
    if (WriteMessage(message)) return std::move(json_);
    return absl::InvalidArgumentError(
        StrCat(message.GetDescriptor()->full_name(),
               " cannot be written as JSON: ", what_));
  }

 private:
  bool Fail(std::string what) {
    what_ = std::move(what);
    return false;
  }

  bool WriteMessage(const pb::Message& message) {
    if (level_ > kMostMessageLevels) {
      return Fail(
          StrCat("messages are nested deeper than ", kMostMessageLevels));
    }
    ++level_;
    const bool written = WriteByType(message);
    --level_;
    return written;
  }

  bool WriteByType(const pb::Message& message) {
    switch (message.GetDescriptor()->well_known_type()) {
      case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
        json_.push_back('{');
        return WriteFields(message, /*first=*/true);
      case Descriptor::WELLKNOWNTYPE_ANY:
        return WriteAny(message);
      case Descriptor::WELLKNOWNTYPE_STRUCT: {
        pb::Struct copy;
        return WriteStruct(As(message, &copy));
      }
      case Descriptor::WELLKNOWNTYPE_LISTVALUE: {
        pb::ListValue copy;
        return WriteList(As(message, &copy));
      }
      case Descriptor::WELLKNOWNTYPE_VALUE: {
        pb::Value copy;
        return WriteValue(As(message, &copy));
      }
      case Descriptor::WELLKNOWNTYPE_TIMESTAMP: {
        pb::Timestamp copy;
        json_.push_back('"');
        if (!AppendTimestamp(As(message, &copy), &json_)) {
          return Fail("a Timestamp is not within the years 1 to 9999");
        }
        json_.push_back('"');
        return true;
      }
      case Descriptor::WELLKNOWNTYPE_DURATION: {
        pb::Duration copy;
        json_.push_back('"');
        if (!AppendDuration(As(message, &copy), &json_)) {
          return Fail(
              "a Duration is not within 10,000 years, or its nanos are not of "
              "one sign with its seconds or not below a second");
        }
        json_.push_back('"');
        return true;
      }
      case Descriptor::WELLKNOWNTYPE_FIELDMASK: {
        pb::FieldMask copy;
        return WritePaths(As(message, &copy));
      }
      default:  // the wrappers
        return WriteOne(message, message.GetDescriptor()->field(0), -1);
    }
  }

  // And the brace that ends them.
  bool WriteFields(const pb::Message& message, bool first) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (IsSensitive(*field)) continue;
      if (!std::exchange(first, false)) json_.push_back(',');
      AppendJsonString(field->json_name(), &json_);
      json_.push_back(':');
      const bool written = field->is_map() ? WriteMap(message, field)
                           : field->is_repeated()
                               ? WriteAll(message, field)
                               : WriteOne(message, field, -1);
      if (!written) return false;
    }
    json_.push_back('}');
    return true;
  }

  bool WriteAll(const pb::Message& message, const FieldDescriptor* field) {
    json_.push_back('[');
    const int count = message.GetReflection()->FieldSize(message, field);
    for (int i = 0; i < count; ++i) {
      if (i > 0) json_.push_back(',');
      if (!WriteOne(message, field, i)) return false;
    }
    json_.push_back(']');
    return true;
  }

  bool WriteMap(const pb::Message& message, const FieldDescriptor* field) {
    const pb::Reflection& reflection = *message.GetReflection();
    json_.push_back('{');
    const int count = reflection.FieldSize(message, field);
    ++level_;  // each entry is a message
    for (int i = 0; i < count; ++i) {
      const pb::Message& entry =
          reflection.GetRepeatedMessage(message, field, i);
      if (i > 0) json_.push_back(',');
      WriteKey(entry, field->message_type()->map_key());
      json_.push_back(':');
      if (!WriteOne(entry, field->message_type()->map_value(), -1)) {
        return false;
      }
    }
    --level_;
    json_.push_back('}');
    return true;
  }

  // In quotes, whatever its type is.
  void WriteKey(const pb::Message& entry, const FieldDescriptor* field) {
    const pb::Reflection& reflection = *entry.GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return AppendJsonString(reflection.GetString(entry, field), &json_);
      case FieldDescriptor::CPPTYPE_BOOL:
        json_.append(reflection.GetBool(entry, field) ? "\"true\""
                                                      : "\"false\"");
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        return AppendQuoted(reflection.GetInt32(entry, field));
      case FieldDescriptor::CPPTYPE_UINT32:
        return AppendQuoted(reflection.GetUInt32(entry, field));
      case FieldDescriptor::CPPTYPE_INT64:
        return AppendQuoted(reflection.GetInt64(entry, field));
      default:
        return AppendQuoted(reflection.GetUInt64(entry, field));
    }
  }

  template <typename T>
  void AppendQuoted(T number) {
    StrAppend(&json_, "\"", number, "\"");
  }

  // The value of the field, or of its element `index` unless that is -1.
  bool WriteOne(const pb::Message& message, const FieldDescriptor* field,
                int index) {
    const pb::Reflection& r = *message.GetReflection();
    const bool one = index < 0;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WriteMessage(one ? r.GetMessage(message, field)
                                : r.GetRepeatedMessage(message, field, index));
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        const std::string& text =
            one ? r.GetStringReference(message, field, &scratch)
                : r.GetRepeatedStringReference(message, field, index, &scratch);
        if (field->type() == FieldDescriptor::TYPE_BYTES) {
          StrAppend(&json_, "\"", absl::Base64Escape(text), "\"");
        } else {
          AppendJsonString(text, &json_);
        }
        return true;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        json_.append((one ? r.GetBool(message, field)
                          : r.GetRepeatedBool(message, field, index))
                         ? "true"
                         : "false");
        return true;
      case FieldDescriptor::CPPTYPE_ENUM:
        WriteEnum(*field->enum_type(),
                  one ? r.GetEnumValue(message, field)
                      : r.GetRepeatedEnumValue(message, field, index));
        return true;
      case FieldDescriptor::CPPTYPE_INT32:
        StrAppend(&json_, one ? r.GetInt32(message, field)
                              : r.GetRepeatedInt32(message, field, index));
        return true;
      case FieldDescriptor::CPPTYPE_UINT32:
        StrAppend(&json_, one ? r.GetUInt32(message, field)
                              : r.GetRepeatedUInt32(message, field, index));
        return true;
      case FieldDescriptor::CPPTYPE_INT64:
        AppendQuoted(one ? r.GetInt64(message, field)
                         : r.GetRepeatedInt64(message, field, index));
        return true;
      case FieldDescriptor::CPPTYPE_UINT64:
        AppendQuoted(one ? r.GetUInt64(message, field)
                         : r.GetRepeatedUInt64(message, field, index));
        return true;
      case FieldDescriptor::CPPTYPE_FLOAT:
        AppendJsonNumber(one ? r.GetFloat(message, field)
                             : r.GetRepeatedFloat(message, field, index),
                         &json_);
        return true;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        AppendJsonNumber(one ? r.GetDouble(message, field)
                             : r.GetRepeatedDouble(message, field, index),
                         &json_);
        return true;
    }
    return false;
  }

  void WriteEnum(const pb::EnumDescriptor& type, int number) {
    if (IsNullValue(type)) {
      json_.append("null");
    } else if (const auto* value = type.FindValueByNumber(number)) {
      AppendJsonString(value->name(), &json_);
    } else {
      StrAppend(&json_, number);
    }
  }

  bool WritePaths(const pb::FieldMask& mask) {
    std::string paths;
    for (const std::string& path : mask.paths()) {
      const std::optional<std::string> json = PathToJson(path);
      if (!json.has_value()) {
        return Fail("a path of a FieldMask is not in lower_snake_case");
      }
      StrAppend(&paths, paths.empty() ? "" : ",", *json);
    }
    AppendJsonString(paths, &json_);
    return true;
  }

  bool WriteStruct(const pb::Struct& fields) {
    json_.push_back('{');
    ++level_;  // each entry is a message
    bool first = true;
    for (const auto& [name, value] : fields.fields()) {
      if (!std::exchange(first, false)) json_.push_back(',');
      AppendJsonString(name, &json_);
      json_.push_back(':');
      if (!WriteMessage(value)) return false;
    }
    --level_;
    json_.push_back('}');
    return true;
  }

  bool WriteList(const pb::ListValue& list) {
    json_.push_back('[');
    bool first = true;
    for (const pb::Value& value : list.values()) {
      if (!std::exchange(first, false)) json_.push_back(',');
      if (!WriteMessage(value)) return false;
    }
    json_.push_back(']');
    return true;
  }

  bool WriteValue(const pb::Value& value) {
    switch (value.kind_case()) {
      case pb::Value::KIND_NOT_SET:
      case pb::Value::kNullValue:
        json_.append("null");
        return true;
      case pb::Value::kBoolValue:
        json_.append(value.bool_value() ? "true" : "false");
        return true;
      case pb::Value::kNumberValue:
        AppendJsonNumber(value.number_value(), &json_);
        return true;
      case pb::Value::kStringValue:
        AppendJsonString(value.string_value(), &json_);
        return true;
      case pb::Value::kListValue:
        return WriteMessage(value.list_value());
      case pb::Value::kStructValue:
        return WriteMessage(value.struct_value());
    }
    return false;
  }

  bool WriteAny(const pb::Message& message) {
    const Descriptor& any = *message.GetDescriptor();
    const pb::Reflection& reflection = *message.GetReflection();
    const std::string url =
        reflection.GetString(message, any.FindFieldByNumber(1));
    json_.push_back('{');
    if (!url.empty()) {
      json_.append("\"@type\":");
      AppendJsonString(url, &json_);
    }
    const Descriptor* type = any.file()->pool()->FindMessageTypeByName(
        url.substr(url.rfind('/') + 1));
    if (type == nullptr) {
      json_.push_back('}');
      return true;
    }
    if (++anys_ > kMostNestedAnys) {
      return Fail(StrCat("Anys are nested deeper than ", kMostNestedAnys));
    }
    const std::unique_ptr<pb::Message> held = held_.New(type);
    if (!held->ParsePartialFromString(
            reflection.GetString(message, any.FindFieldByNumber(2)))) {
      return Fail(StrCat("an Any does not hold the ", type->full_name(),
                         " that it says"));
    }
    const int level = std::exchange(level_, 0);
    const bool written = WriteHeld(*held);
    level_ = level;
    --anys_;
    return written;
  }

  // And the brace that ends the Any.
  bool WriteHeld(const pb::Message& held) {
    if (held.GetDescriptor()->well_known_type() ==
        Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
      return WriteFields(held, /*first=*/false);
    }
    json_.append(",\"value\":");
    if (!WriteMessage(held)) return false;
    json_.push_back('}');
    return true;
  }

  std::string json_;
  int level_ = 0;
  int anys_ = 0;  // in one another, where it stands
  HeldMessages held_;
  std::string what_;
};

}  // namespace

absl::StatusOr<std::string> ToJson(const pb::Message& message) {
  return Writer().Write(message);
}

}  // namespace millrace
