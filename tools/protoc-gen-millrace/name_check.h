// Refuses names that break the code which somebody generates of a contract: the
// C++ of protoc and of this compiler, and that of the usual generators for
// Python, Go, TypeScript and Java.
//
// Generators escape keywords of their languages (a field `class` or `from` is
// fine everywhere), so that keywords are not looked for. Left are names that a
// generator takes for itself without telling; each stands here because the code
// made of it did not compile, or did not do what it says.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAME_CHECK_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAME_CHECK_H_

#include <google/protobuf/descriptor.h>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

void CheckNames(const google::protobuf::FileDescriptor* file,
                Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAME_CHECK_H_
