// What a proto file sees, as protobuf looks names up.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_VISIBLE_FILES_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_VISIBLE_FILES_H_

#include <google/protobuf/descriptor.h>

#include <vector>

namespace millrace::compiler {

using Files = std::vector<const google::protobuf::FileDescriptor*>;

// The file, what it imports, and what that imports publicly; each once.
Files VisibleFrom(const google::protobuf::FileDescriptor* file);

bool Contains(const Files& files, const google::protobuf::FileDescriptor* file);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_VISIBLE_FILES_H_
