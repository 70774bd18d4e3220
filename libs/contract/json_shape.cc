#include "contract/json_shape.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "contract/utf8.h"

namespace millrace {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::string_view NameOf(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

template <typename T>
bool Fits(std::string_view digits) {
  T value;
  return absl::SimpleAtoi(ToAbsl(digits), &value);
}

}  // namespace

JsonShape JsonShape::OfMessage(const Descriptor* message) {
  JsonShape shape;
  shape.nullable_ = false;
  switch (message->well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      shape.form_ = kMessage;
      shape.message_ = message;
      break;
    case Descriptor::WELLKNOWNTYPE_VALUE:
      shape.nullable_ = true;
      break;
    case Descriptor::WELLKNOWNTYPE_ANY:
      shape.form_ = kFreeObject;
      shape.in_any_ = true;
      break;
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      shape.form_ = kFreeObject;
      break;
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      shape.form_ = kFreeArray;
      break;
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
    case Descriptor::WELLKNOWNTYPE_DURATION:
      shape.form_ = kText;
      break;
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      shape.form_ = kPaths;
      break;
    default:  // the wrappers
      shape.nullable_ = true;
      shape.SetScalar(message->field(0));
  }
  return shape;
}

JsonShape JsonShape::OfField(const FieldDescriptor* field) {
  JsonShape shape;
  if (field->is_repeated()) {
    shape.form_ = field->is_map() ? kFreeObject : kFreeArray;
    shape.container_ = true;
  } else {
    shape = OfValue(field);
    shape.nullable_ = true;
  }
  shape.field_ = field;
  return shape;
}

JsonShape JsonShape::Element() const {
  if (!container_) {
    JsonShape shape;
    shape.in_any_ = in_any_;
    return shape;
  }
  JsonShape shape =
      OfValue(field_->is_map() ? field_->message_type()->map_value() : field_);
  shape.field_ = field_;
  return shape;
}

// One value of a field, whether it is repeated or not.
JsonShape JsonShape::OfValue(const FieldDescriptor* value) {
  if (value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return OfMessage(value->message_type());
  }
  JsonShape shape;
  shape.nullable_ = false;
  shape.SetScalar(value);
  return shape;
}

void JsonShape::SetScalar(const FieldDescriptor* scalar) {
  scalar_ = scalar;
  switch (scalar->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      form_ = kText;
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      form_ = kTruth;
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      form_ = kFloating;
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      form_ = kEnumeration;
      if (scalar->enum_type()->full_name() == "google.protobuf.NullValue") {
        form_ = kAnything;
        nullable_ = true;
      }
      break;
    default:
      form_ = kWhole;
  }
}

std::string JsonShape::Subject() const {
  if (field_ != nullptr) return field_->full_name();
  if (message_ != nullptr) return message_->full_name();
  return "this";
}

bool JsonShape::Allows(JsonKind kind) const {
  if (kind == JsonKind::kNull) return nullable_;
  switch (form_) {
    case kAnything:
      return true;
    case kMessage:
    case kFreeObject:
      return kind == JsonKind::kObject;
    case kFreeArray:
      return kind == JsonKind::kArray;
    case kText:
    case kPaths:
      return kind == JsonKind::kString;
    case kTruth:
      return kind == JsonKind::kBool;
    case kWhole:
    case kFloating:
    case kEnumeration:
      return kind == JsonKind::kNumber || kind == JsonKind::kString;
  }
  return true;
}

std::string JsonShape::Refuse(JsonKind kind) const {
  if (Allows(kind)) return "";
  std::string_view wanted;
  switch (form_) {
    case kAnything:
      wanted = "anything but null";
      break;
    case kMessage:
    case kFreeObject:
      wanted = "an object";
      break;
    case kFreeArray:
      wanted = "an array";
      break;
    case kText:
    case kPaths:
      wanted = "a string";
      break;
    case kTruth:
      wanted = "true or false";
      break;
    case kWhole:
    case kFloating:
      wanted = "a number";
      break;
    case kEnumeration:
      wanted = "the name of a value, as a string";
      break;
  }
  const bool element =
      field_ != nullptr && field_->is_repeated() && !container_;
  return StrCat(element ? "each element of " : "", Subject(), " must be ",
                wanted, ", is ", NameOf(kind));
}

std::string JsonShape::RefuseInteger(std::string_view digits) const {
  if (form_ != kWhole) return "";
  bool fits = true;
  switch (scalar_->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      fits = Fits<int32_t>(digits);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      fits = Fits<int64_t>(digits);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      fits = Fits<uint32_t>(digits);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      fits = Fits<uint64_t>(digits);
      break;
    default:
      break;
  }
  if (fits) return "";
  return StrCat(Subject(), " is out of range for ", scalar_->type_name());
}

std::string JsonShape::RefuseString(std::string_view text) const {
  // "a(b,c)" is no part of the mapping, but libprotobuf reads it as "a.b,a.c":
  // 100 kB of '(' would become gigabytes.
  if (form_ == kPaths && text.find_first_of("()") != text.npos) {
    return StrCat(Subject(),
                  " must be the paths of fields with ',' between them, without "
                  "'(' and ')'");
  }
  if (form_ != kEnumeration) return "";
  const auto* type = scalar_->enum_type();
  if (type->FindValueByName(std::string(text)) != nullptr) return "";
  // libprotobuf reads a number written as a string, too.
  if (Fits<int32_t>(text)) return "";
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    names.push_back(type->value(i)->name());
  }
  return StrCat(type->full_name(), " has no value '", Excerpt(text), "'",
                DidYouMean(text, names));
}

const FieldDescriptor* FindJsonField(const Descriptor& message,
                                     std::string_view name) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->json_name() == name || field->name() == name) return field;
  }
  return nullptr;
}

std::vector<std::string> JsonNames(const Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) {
    names.push_back(message.field(i)->json_name());
  }
  return names;
}

}  // namespace millrace
