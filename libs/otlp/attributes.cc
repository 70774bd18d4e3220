#include "otlp/attributes.h"

#include "otlp/readable.h"

namespace millrace::otlp {

void Add(std::string_view key, std::string_view value, Attributes* to) {
  wire::common::v1::KeyValue& pair = *to->Add();
  pair.set_key(std::string(key));
  pair.mutable_value()->set_string_value(Readable(value));
}

void AddNumber(std::string_view key, int64_t value, Attributes* to) {
  wire::common::v1::KeyValue& pair = *to->Add();
  pair.set_key(std::string(key));
  pair.mutable_value()->set_int_value(value);
}

void AddIfSet(std::string_view key, std::string_view value, Attributes* to) {
  if (!value.empty()) Add(key, value, to);
}

void Fill(const Resource& resource, wire::resource::v1::Resource* to) {
  for (const auto& [key, value] : resource) {
    AddIfSet(key, value, to->mutable_attributes());
  }
}

void FillScope(wire::common::v1::InstrumentationScope* to) {
  to->set_name("millrace");
}

}  // namespace millrace::otlp
