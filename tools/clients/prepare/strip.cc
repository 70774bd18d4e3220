#include "tools/clients/prepare/strip.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <vector>

#include "millrace/v1/contract.pb.h"

namespace millrace::clients {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;
using google::protobuf::OneofDescriptorProto;
using google::protobuf::ServiceDescriptorProto;
using google::protobuf::SourceCodeInfo;

// FieldOptions.debug_redact, which is younger than the protobuf built with.
constexpr int kDebugRedact = 16;

// Extensions that are linked in are fields, the others are unknown fields.
void StripOptions(Message* options) {
  const auto* reflection = options->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*options, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_extension()) reflection->ClearField(options, field);
  }
  reflection->MutableUnknownFields(options)->Clear();
}

// An element that has no options stays without.
template <typename Element>
void StripElement(Element* element) {
  if (element->has_options()) StripOptions(element->mutable_options());
}

void StripField(FieldDescriptorProto* field) {
  const bool sensitive = field->options().GetExtension(millrace::v1::sensitive);
  StripElement(field);
  if (sensitive) {
    auto* options = field->mutable_options();
    options->GetReflection()->MutableUnknownFields(options)->AddVarint(
        kDebugRedact, 1);
  }
}

void StripEnum(EnumDescriptorProto* type) {
  StripElement(type);
  for (auto& value : *type->mutable_value()) StripElement(&value);
}

void StripMessage(DescriptorProto* message) {
  StripElement(message);
  for (auto& field : *message->mutable_field()) StripField(&field);
  for (auto& field : *message->mutable_extension()) StripField(&field);
  for (auto& oneof : *message->mutable_oneof_decl()) StripElement(&oneof);
  for (auto& type : *message->mutable_enum_type()) StripEnum(&type);
  for (auto& nested : *message->mutable_nested_type()) StripMessage(&nested);
}

// Comments are kept by the index of what they are about: those of a service
// that goes go with it, those behind it move up.
void MoveComments(const std::vector<int>& new_index, SourceCodeInfo* info) {
  SourceCodeInfo kept;
  for (auto& location : *info->mutable_location()) {
    if (location.path_size() >= 2 &&
        location.path(0) == FileDescriptorProto::kServiceFieldNumber) {
      const int index = new_index.at(location.path(1));
      if (index < 0) continue;
      location.set_path(1, index);
    }
    kept.add_location()->Swap(&location);
  }
  info->Swap(&kept);
}

void RemoveEmitters(FileDescriptorProto* file) {
  std::vector<int> new_index;
  google::protobuf::RepeatedPtrField<ServiceDescriptorProto> kept;
  for (auto& service : *file->mutable_service()) {
    if (service.options().HasExtension(millrace::v1::emitter)) {
      new_index.push_back(-1);
    } else {
      new_index.push_back(kept.size());
      kept.Add()->Swap(&service);
    }
  }
  file->mutable_service()->Swap(&kept);
  if (file->has_source_code_info()) {
    MoveComments(new_index, file->mutable_source_code_info());
  }
}

}  // namespace

void Strip(FileDescriptorProto* file) {
  RemoveEmitters(file);
  StripElement(file);
  for (auto& message : *file->mutable_message_type()) StripMessage(&message);
  for (auto& type : *file->mutable_enum_type()) StripEnum(&type);
  for (auto& field : *file->mutable_extension()) StripField(&field);
  for (auto& service : *file->mutable_service()) {
    StripElement(&service);
    for (auto& method : *service.mutable_method()) StripElement(&method);
  }
}

}  // namespace millrace::clients
