// Requests to begin with: those that protoc would send for proto files. They
// are made at run time, so that none is kept that nobody can read.
#ifndef MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_SEEDS_H_
#define MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_SEEDS_H_

#include <google/protobuf/compiler/plugin.pb.h>

#include <string>
#include <vector>

namespace millrace::compiler {

struct Seed {
  std::string name;
  google::protobuf::compiler::CodeGeneratorRequest request;
};

// One for each proto file below the folders, which are what protoc knows by
// --proto_path; without the common files (run.h). Ends the process when one
// does not parse.
std::vector<Seed> SeedsOf(const std::vector<std::string>& folders);

// The *.txtpb of a folder: requests in protobuf's text format.
std::vector<Seed> RequestsOf(const std::string& folder);

}  // namespace millrace::compiler

#endif  // MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_SEEDS_H_
