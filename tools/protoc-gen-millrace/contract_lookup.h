// The contracts that others name in their options.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_CONTRACT_LOOKUP_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_CONTRACT_LOOKUP_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// The emitter contract that `contract` names in its option `option`, "extends"
// or "merge". Null when there is none, with an error that says what there is.
const google::protobuf::ServiceDescriptor* FindContract(
    const google::protobuf::ServiceDescriptor* contract,
    std::string_view option, const std::string& name, Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_CONTRACT_LOOKUP_H_
