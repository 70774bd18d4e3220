// The key of an event: a path of fields that leads to one exact value.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EVENT_KEY_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EVENT_KEY_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// From a field of the payload down to the key. What is wrong goes to
// `diagnostics`.
std::vector<const google::protobuf::FieldDescriptor*> ReadKey(
    const google::protobuf::MethodDescriptor* event, Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EVENT_KEY_H_
