// What packages are called in languages that have names of their own for them:
// see prepare.h.
//
// Pure; any thread. Cannot fail.
#ifndef MILLRACE_TOOLS_CLIENTS_PREPARE_NAMES_H_
#define MILLRACE_TOOLS_CLIENTS_PREPARE_NAMES_H_

#include <google/protobuf/descriptor.pb.h>

#include "tools/clients/prepare/prepare.h"

namespace millrace::clients {

// Names the file's package for Go and Java: our packages when the file is
// `generated`, else the public ones where google.rpc lives already.
void NamePackages(const PrepareOptions& options, bool generated,
                  google::protobuf::FileDescriptorProto* file);

}  // namespace millrace::clients

#endif  // MILLRACE_TOOLS_CLIENTS_PREPARE_NAMES_H_
