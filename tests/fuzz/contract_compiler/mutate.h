// Changes requests as protobuf messages, so that what comes out is a request
// still: bytes changed at random are refused before the compiler sees them.
#ifndef MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_MUTATE_H_
#define MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_MUTATE_H_

#include <google/protobuf/compiler/plugin.pb.h>

#include "tests/fuzz/contract_compiler/random.h"

namespace millrace::compiler {

// One to four changes: values replaced, fields set, cleared, repeated, swapped
// or copied from elsewhere, options of contracts among them.
void Mutate(google::protobuf::compiler::CodeGeneratorRequest* request,
            Random* random);

}  // namespace millrace::compiler

#endif  // MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_MUTATE_H_
