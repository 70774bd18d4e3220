// Contracts as the generators of other languages are to see them.
//
// A contract says more than a client needs: the options of millrace/v1, and
// emitter contracts, which nobody serves as RPC. A client that had them would
// offer calls that do not exist, and bring option numbers into its user's
// program that may be taken there already (Go panics at start when they are).
// So the descriptors are rewritten before a generator gets them:
//
// - emitter contracts go; the payloads of their events stay;
// - options that are not protobuf's own go, and `sensitive` becomes protobuf's
//   `debug_redact`;
// - imports that nothing needs any more go, and the file that declares the
//   options with them;
// - packages are named for Go and Java, and files can be moved under a prefix,
//   so that the contracts themselves name no other language.
//
// Pure; any thread. Fails with INVALID_ARGUMENT when the set is not complete.
#ifndef MILLRACE_TOOLS_CLIENTS_PREPARE_PREPARE_H_
#define MILLRACE_TOOLS_CLIENTS_PREPARE_PREPARE_H_

#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::clients {

struct PrepareOptions {
  // Put before the names of the files that are generated, for languages in
  // which a file's name is the name of its module: "millrace_client/".
  std::string file_prefix;

  // "millrace.dev/client": users.v1 is "millrace.dev/client/users/v1" there,
  // and the package's name is usersv1. No package is named when empty.
  std::string go_module;

  // "dev.millrace.client": users.v1 is dev.millrace.client.users.v1 there.
  std::string java_package;

  // Generates google.rpc too, where the language has no package of it.
  bool with_google_rpc = false;
};

// Rewrites `set`, which holds every import of its files before the file itself
// (protoc --include_imports). Answers the names of the files to generate.
absl::StatusOr<std::vector<std::string>> Prepare(
    const PrepareOptions& options, google::protobuf::FileDescriptorSet* set);

}  // namespace millrace::clients

#endif  // MILLRACE_TOOLS_CLIENTS_PREPARE_PREPARE_H_
