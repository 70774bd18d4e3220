// What a derived message can be called.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_NAME_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_NAME_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// Checks the names of the derived messages of a file, in the order of its
// options: their form, and that each is free.
void CheckDeriveNames(const google::protobuf::FileDescriptor* file,
                      const std::vector<std::string>& names,
                      Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_NAME_H_
