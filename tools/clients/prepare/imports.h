// Imports that are not needed any more: see prepare.h.
//
// Pure; any thread. Fails with INVALID_ARGUMENT when a file of the set, or a
// type that it names, is missing.
#ifndef MILLRACE_TOOLS_CLIENTS_PREPARE_IMPORTS_H_
#define MILLRACE_TOOLS_CLIENTS_PREPARE_IMPORTS_H_

#include <google/protobuf/descriptor.pb.h>

#include "absl/status/status.h"

namespace millrace::clients {

// Each file imports the files of the types it names, and what it imports for
// others (import public), and nothing else.
absl::Status PruneImports(google::protobuf::FileDescriptorSet* set);

}  // namespace millrace::clients

#endif  // MILLRACE_TOOLS_CLIENTS_PREPARE_IMPORTS_H_
