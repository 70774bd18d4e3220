// What both signals are written with. Pure. Private to this module.
#ifndef MILLRACE_OTLP_ATTRIBUTES_H_
#define MILLRACE_OTLP_ATTRIBUTES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "opentelemetry/proto/common/v1/common.pb.h"
#include "opentelemetry/proto/resource/v1/resource.pb.h"
#include "otlp/resource.h"

namespace millrace::otlp {

namespace wire = ::opentelemetry::proto;

using Attributes =
    google::protobuf::RepeatedPtrField<wire::common::v1::KeyValue>;

void Add(std::string_view key, std::string_view value, Attributes* to);
void AddNumber(std::string_view key, int64_t value, Attributes* to);
// Only a value that says something.
void AddIfSet(std::string_view key, std::string_view value, Attributes* to);

void Fill(const Resource& resource, wire::resource::v1::Resource* to);
void FillScope(wire::common::v1::InstrumentationScope* to);

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_ATTRIBUTES_H_
