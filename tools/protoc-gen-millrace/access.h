// Who may call a method: option (millrace.v1.access).
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_ACCESS_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_ACCESS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

struct AccessModel {
  bool anybody = false;
  bool authenticated = false;
  std::string permission;
  // From a field of the request down to the subject; empty without `self`.
  std::vector<const google::protobuf::FieldDescriptor*> self;
};

// What is wrong goes to `diagnostics`, also that it says nothing.
AccessModel ReadAccess(const google::protobuf::MethodDescriptor* method,
                       Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_ACCESS_H_
