// Writes the C++ of a service: the interface, its client and its method table.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_SERVICE_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_SERVICE_WRITER_H_

#include <google/protobuf/descriptor.h>

#include "tools/protoc-gen-millrace/diagnostics.h"
#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {

void CheckService(const google::protobuf::ServiceDescriptor* service,
                  Diagnostics* diagnostics);

void DeclareService(const google::protobuf::ServiceDescriptor* service,
                    Writer* out);
void DefineService(const google::protobuf::ServiceDescriptor* service,
                   Writer* out);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_SERVICE_WRITER_H_
