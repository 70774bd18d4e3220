// Where contracts are: a package that says its version, in the folder that it
// names.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_LAYOUT_CHECK_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_LAYOUT_CHECK_H_

#include <google/protobuf/descriptor.h>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

void CheckLayout(const google::protobuf::FileDescriptor* file,
                 Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_LAYOUT_CHECK_H_
