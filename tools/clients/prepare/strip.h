// Takes out of one file what only the platform itself reads: see prepare.h.
//
// Pure; any thread. Cannot fail.
#ifndef MILLRACE_TOOLS_CLIENTS_PREPARE_STRIP_H_
#define MILLRACE_TOOLS_CLIENTS_PREPARE_STRIP_H_

#include <google/protobuf/descriptor.pb.h>

namespace millrace::clients {

// Emitter contracts and all options but protobuf's own go, and the places of
// the comments follow. `sensitive` becomes `debug_redact`.
void Strip(google::protobuf::FileDescriptorProto* file);

}  // namespace millrace::clients

#endif  // MILLRACE_TOOLS_CLIENTS_PREPARE_STRIP_H_
