// libFuzzer on the template engine: see 'tools/dev fuzz'.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tests/fuzz/templates/mutate.h"
#include "tests/fuzz/templates/run.h"

using millrace::templates::Input;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::templates::RunEngine(millrace::templates::ParseInput(
      {reinterpret_cast<const char*>(data), size}));
  return 0;
}

// Bytes are changed at random now and then, for what no words make.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  millrace::templates::Random random(seed);
  if (random.OneIn(4)) return LLVMFuzzerMutate(data, size, max_size);
  Input input = millrace::templates::ParseInput(
      {reinterpret_cast<const char*>(data), size});
  millrace::templates::Mutate(&input, &random);
  const std::string text = millrace::templates::ToText(input);
  if (text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
