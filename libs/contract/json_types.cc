#include "contract/json_types.h"

namespace millrace {

namespace pb = google::protobuf;

bool IsNullValue(const pb::EnumDescriptor& type) {
  return type.full_name() == "google.protobuf.NullValue";
}

std::unique_ptr<pb::Message> HeldMessages::New(const pb::Descriptor* type) {
  pb::MessageFactory* factory = pb::MessageFactory::generated_factory();
  if (type->file()->pool() != pb::DescriptorPool::generated_pool()) {
    if (!dynamic_.has_value()) dynamic_.emplace();
    factory = &*dynamic_;
  }
  return std::unique_ptr<pb::Message>(factory->GetPrototype(type)->New());
}

}  // namespace millrace
