#include "base/random.h"

#include <unistd.h>

#include <random>

namespace millrace {

uint64_t RandomBits() {
  // A forked child must not repeat its parent's sequence.
  thread_local pid_t owner = 0;
  thread_local std::mt19937_64 generator;
  if (owner != getpid()) {
    owner = getpid();
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(),
                       static_cast<unsigned>(owner)};
    generator.seed(seed);
  }
  return generator();
}

}  // namespace millrace
