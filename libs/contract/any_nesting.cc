#include "contract/any_nesting.h"

#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using Type = pb::Descriptor;

bool IsMessage(const pb::FieldDescriptor& field) {
  return field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
}

// Whether a message of `type` may hold an Any; most cannot, and need not be
// looked at. `seen` are the types that were asked for.
bool MayHoldAny(const Type* type, absl::flat_hash_set<const Type*>* seen) {
  if (type->well_known_type() == Type::WELLKNOWNTYPE_ANY) return true;
  if (type->well_known_type() != Type::WELLKNOWNTYPE_UNSPECIFIED) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor& field = *type->field(i);
    if (IsMessage(field) && seen->insert(field.message_type()).second &&
        MayHoldAny(field.message_type(), seen)) {
      return true;
    }
  }
  return false;
}

bool MayHoldAny(const Type* type) {
  absl::flat_hash_set<const Type*> seen = {type};
  return MayHoldAny(type, &seen);
}

bool IsFlat(const pb::Message& message, int left);

// The value of the Any `any`.
bool HoldsFlat(const pb::Message& any, int left) {
  if (left == 0) return false;
  const pb::Reflection& reflection = *any.GetReflection();
  const Type& type = *any.GetDescriptor();
  const std::string url = reflection.GetString(any, type.FindFieldByNumber(1));
  const pb::DescriptorPool* pool = type.file()->pool();
  const Type* held =
      pool->FindMessageTypeByName(url.substr(url.rfind('/') + 1));
  if (held == nullptr || !MayHoldAny(held)) return true;
  pb::DynamicMessageFactory dynamic;
  const pb::Message* prototype =
      pool == pb::DescriptorPool::generated_pool()
          ? pb::MessageFactory::generated_factory()->GetPrototype(held)
          : dynamic.GetPrototype(held);
  if (prototype == nullptr) return true;
  const std::unique_ptr<pb::Message> value(prototype->New());
  return value->ParsePartialFromString(
             reflection.GetString(any, type.FindFieldByNumber(2))) &&
         IsFlat(*value, left - 1);
}

bool IsFlat(const pb::Message& message, int left) {
  const Type& type = *message.GetDescriptor();
  if (type.well_known_type() == Type::WELLKNOWNTYPE_ANY) {
    return HoldsFlat(message, left);
  }
  if (type.well_known_type() != Type::WELLKNOWNTYPE_UNSPECIFIED) return true;
  const pb::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor* field = type.field(i);
    if (!IsMessage(*field)) continue;
    if (!field->is_repeated()) {
      if (reflection.HasField(message, field) &&
          !IsFlat(reflection.GetMessage(message, field), left)) {
        return false;
      }
      continue;
    }
    // The entries of a map are messages too.
    for (int j = 0; j < reflection.FieldSize(message, field); ++j) {
      if (!IsFlat(reflection.GetRepeatedMessage(message, field, j), left)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

bool AnysAreFlat(const pb::Message& message) {
  return !MayHoldAny(message.GetDescriptor()) ||
         IsFlat(message, kMostNestedAnys);
}

}  // namespace millrace
