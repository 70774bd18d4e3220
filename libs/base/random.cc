#include "base/random.h"

#include <unistd.h>

#include <random>

namespace millrace {

namespace {

thread_local pid_t owner = 0;
thread_local std::mt19937_64 generator;

}  // namespace

uint64_t RandomBits() {
  // A forked child must not repeat its parent's sequence.
  if (owner != getpid()) {
    owner = getpid();
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(),
                       static_cast<unsigned>(owner)};
    generator.seed(seed);
  }
  return generator();
}

void SeedRandomBits(uint64_t seed) {
  owner = getpid();
  generator.seed(seed);
}

}  // namespace millrace
