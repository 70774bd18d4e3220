// What memory is used for, as the allocator knows it. Programs of the runtime
// allocate by jemalloc, but for those that sanitizers watch.
#ifndef MILLRACE_RUNTIME_HEAP_H_
#define MILLRACE_RUNTIME_HEAP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace::runtime {

struct HeapFacts {
  int64_t used_bytes = 0;      // what the program has allocated
  int64_t resident_bytes = 0;  // what that takes of memory, with what is free
  int64_t mapped_bytes = 0;    // address space
};
// Any thread.
HeapFacts ReadHeap();

// Where memory was allocated in a stretch of time, estimated from samples.
struct AllocationSite {
  std::vector<void*> stack;     // innermost first
  int64_t allocations = 0;      // in that time
  int64_t allocated_bytes = 0;  // by them
  int64_t live = 0;             // of these, at its end
  int64_t live_bytes = 0;
};

// Begins to sample, about once in so many bytes (a power of two is made of
// it). FAILED_PRECONDITION when sampling goes on already; UNIMPLEMENTED when
// the allocator has no profiles, as with sanitizers. Any thread; slows down
// allocations by their samples.
absl::Status StartAllocationProfile(int64_t sample_bytes);
// Ends it; those with the most bytes first. FAILED_PRECONDITION when it was
// not begun, UNAVAILABLE when there is no place for a temporary file. Any
// thread.
absl::StatusOr<std::vector<AllocationSite>> FinishAllocationProfile();

// Reads a profile of jemalloc's (heap_v2) and undoes that small allocations
// are sampled more rarely than large ones. INVALID_ARGUMENT for other text.
absl::StatusOr<std::vector<AllocationSite>> ParseHeapProfile(
    std::string_view text);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HEAP_H_
