#include "base/random.h"

#include <pthread.h>

#include <atomic>
#include <random>

namespace millrace {

namespace {

// Counts the forks that led to this process: asking for its id at each number
// would be a system call.
std::atomic<uint32_t> process{1};

[[maybe_unused]] const int watching_forks = pthread_atfork(
    nullptr, nullptr, [] { process.fetch_add(1, std::memory_order_relaxed); });

thread_local uint32_t owner = 0;  // which process seeded the generator
thread_local std::mt19937_64 generator;

}  // namespace

uint64_t RandomBits() {
  // A forked child must not repeat its parent's sequence.
  if (const uint32_t now = process.load(std::memory_order_relaxed);
      owner != now) {
    owner = now;
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), now};
    generator.seed(seed);
  }
  return generator();
}

void SeedRandomBits(uint64_t seed) {
  owner = process.load(std::memory_order_relaxed);
  generator.seed(seed);
}

}  // namespace millrace
