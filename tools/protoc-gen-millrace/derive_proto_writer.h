// Writes the file of derived messages.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_PROTO_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_PROTO_WRITER_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/derive.h"

namespace millrace::compiler {

// The text of user.derived.proto for the derived messages of user.proto.
std::string DerivedProto(const google::protobuf::FileDescriptor* file,
                         const std::vector<DerivedModel>& models);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_PROTO_WRITER_H_
