// Random bytes for identifiers: a generator per thread, seeded by the
// operating system. Not for secrets.
#ifndef MILLRACE_BASE_RANDOM_H_
#define MILLRACE_BASE_RANDOM_H_

#include <cstdint>

namespace millrace {

uint64_t RandomBits();

// From now on the numbers of this thread follow from `seed`: for simulations
// that must be repeatable.
void SeedRandomBits(uint64_t seed);

}  // namespace millrace

#endif  // MILLRACE_BASE_RANDOM_H_
