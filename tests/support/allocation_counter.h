// Counts operator new. A test that links allocation_counter.cc has the counting
// operator in the whole program.
#ifndef MILLRACE_TESTS_SUPPORT_ALLOCATION_COUNTER_H_
#define MILLRACE_TESTS_SUPPORT_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace millrace::test {

// Of the calling thread, since it began.
int64_t Allocations();

// Pools keep nothing under AddressSanitizer, so that there is nothing to count.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kPoolsWork = false;
#else
inline constexpr bool kPoolsWork = true;
#endif

}  // namespace millrace::test

#endif  // MILLRACE_TESTS_SUPPORT_ALLOCATION_COUNTER_H_
