// Numbers that are the same for a seed on every machine, which those of the
// standard library's distributions are not.
#ifndef MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_RANDOM_H_
#define MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace millrace::compiler {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {  // splitmix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Below `end`, which is not 0.
  size_t Below(size_t end) { return static_cast<size_t>(Next() % end); }

  bool OneIn(size_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace millrace::compiler

#endif  // MILLRACE_TESTS_FUZZ_CONTRACT_COMPILER_RANDOM_H_
