// libFuzzer on the contract compiler: see 'tools/dev fuzz'.
#include <google/protobuf/compiler/plugin.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/contract_compiler/mutate.h"
#include "tests/fuzz/contract_compiler/run.h"

using google::protobuf::compiler::CodeGeneratorRequest;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer quiet;
  CodeGeneratorRequest request;
  if (!request.ParsePartialFromArray(data, static_cast<int>(size))) return -1;
  millrace::compiler::RunCompiler(request);
  return 0;
}

// Bytes are changed at random now and then, for what no message can hold.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  const google::protobuf::LogSilencer quiet;
  millrace::compiler::Random random(seed);
  CodeGeneratorRequest request;
  if (random.OneIn(20) ||
      !request.ParsePartialFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  millrace::compiler::Mutate(&request, &random);
  const size_t length = request.ByteSizeLong();
  if (length > max_size) return LLVMFuzzerMutate(data, size, max_size);
  request.SerializePartialToArray(data, static_cast<int>(length));
  return length;
}
