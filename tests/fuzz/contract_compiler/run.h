// Runs the contract compiler on a request of protoc's, within the process.
// Ends the process when a promise of the compiler is broken.
#ifndef MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_RUN_H_
#define MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_RUN_H_

#include <google/protobuf/compiler/plugin.pb.h>
#include <google/protobuf/descriptor.h>

namespace millrace::compiler {

// The files that every contract imports, which requests need not have: the
// options, and what those import. protobuf's own pool of what a program is
// linked with will not do: it remembers every name that was not found.
const google::protobuf::DescriptorPool& CommonFiles();

enum class Outcome {
  kInvalid,  // protobuf has not let the compiler see it
  kErrors,   // the compiler has refused it
  kCode,
};

Outcome RunCompiler(
    const google::protobuf::compiler::CodeGeneratorRequest& request);

}  // namespace millrace::compiler

#endif  // MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_RUN_H_
