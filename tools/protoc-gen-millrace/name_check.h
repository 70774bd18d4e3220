// Refuses names that break the code which somebody generates of a contract: the
// C++ of protoc and of this compiler, and that of the usual generators for
// Python, Go and TypeScript. Java's were not looked at.
//
// Generators escape keywords of their languages (a field `class` or `from` is
// fine everywhere), so that keywords are not looked for. Left are names that a
// generator takes for itself without telling: the code made of them does not
// compile, or does not do what it says. Those of C++, Python and JavaScript
// were tried, those of Go are read from its generator's rules.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAME_CHECK_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAME_CHECK_H_

#include <google/protobuf/descriptor.h>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

void CheckNames(const google::protobuf::FileDescriptor* file,
                Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_NAME_CHECK_H_
