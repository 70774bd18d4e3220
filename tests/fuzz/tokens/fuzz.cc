// libFuzzer on tokens and key sets: see 'tools/dev fuzz'.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/tokens/run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer quiet;
  millrace::tokens::RunInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
