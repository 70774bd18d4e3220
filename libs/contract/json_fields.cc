#include "contract/json_fields.h"

#include <limits>
#include <optional>
#include <utility>

#include "contract/json_scalars.h"
#include "contract/json_scanner.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

template <typename T>
bool Put(pb::Message* message, const FieldDescriptor* field,
         std::optional<T> value,
         void (pb::Reflection::*set)(pb::Message*, const FieldDescriptor*, T)
             const,
         void (pb::Reflection::*add)(pb::Message*, const FieldDescriptor*, T)
             const) {
  if (!value.has_value()) return false;
  (message->GetReflection()->*(field->is_repeated() ? add : set))(
      message, field, *value);
  return true;
}

}  // namespace

std::string_view SetText(pb::Message* message, const FieldDescriptor* field,
                         std::string_view text) {
  std::optional<std::string> value;
  if (field->type() == FieldDescriptor::TYPE_BYTES) {
    value = BytesFromBase64(text);
    if (!value.has_value()) return "bytes in base64";
  } else {
    value.emplace(text);
  }
  const pb::Reflection& reflection = *message->GetReflection();
  field->is_repeated()
      ? reflection.AddString(message, field, *std::move(value))
      : reflection.SetString(message, field, *std::move(value));
  return "";
}

bool SetNumber(pb::Message* message, const FieldDescriptor* field,
               std::string_view text, bool whole) {
  using R = pb::Reflection;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Put(message, field, IntegerFrom<int32_t>(text, whole),
                 &R::SetInt32, &R::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return Put(message, field, IntegerFrom<int64_t>(text, whole),
                 &R::SetInt64, &R::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return Put(message, field, IntegerFrom<uint32_t>(text, whole),
                 &R::SetUInt32, &R::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return Put(message, field, IntegerFrom<uint64_t>(text, whole),
                 &R::SetUInt64, &R::AddUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Put(message, field, FloatFrom(text), &R::SetFloat, &R::AddFloat);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Put(message, field, DoubleFrom(text), &R::SetDouble,
                 &R::AddDouble);
    default:
      return false;
  }
}

bool SetNamedNumber(pb::Message* message, const FieldDescriptor* field,
                    std::string_view text) {
  using R = pb::Reflection;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::optional<double> value;
  if (text == "NaN") value = std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") value = kInfinity;
  if (text == "-Infinity") value = -kInfinity;
  if (!value.has_value()) return false;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    return Put(message, field, value, &R::SetDouble, &R::AddDouble);
  }
  return field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT &&
         Put(message, field, std::optional<float>(static_cast<float>(*value)),
             &R::SetFloat, &R::AddFloat);
}

bool SetKey(pb::Message* entry, const FieldDescriptor* field,
            std::string_view key) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      entry->GetReflection()->SetString(entry, field, std::string(key));
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      entry->GetReflection()->SetBool(entry, field, key == "true");
      return key == "true" || key == "false";
    default:
      bool whole = false;
      return IsJsonNumber(key, &whole) && whole &&
             SetNumber(entry, field, key, whole);
  }
}

}  // namespace millrace
