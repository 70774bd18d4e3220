// libFuzzer on calls of gRPC over HTTP/2: see 'tools/dev fuzz'.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/grpc/run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer quiet;
  millrace::rpc::RunInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
