// The key of a Record.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_KEY_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_KEY_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// The field with this name among those of `value`, the type of the values of
// `record`. Null, with an error at `place`, when it can be no key of a map.
const google::protobuf::FieldDescriptor* FindRecordKey(
    const std::string& name, const std::string& record,
    const std::string& value,
    const std::vector<const google::protobuf::FieldDescriptor*>& fields,
    const Place& place, Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_KEY_H_
