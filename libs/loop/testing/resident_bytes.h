// What this process holds in memory, for tests that bound it.
#ifndef MILLRACE_LOOP_TESTING_RESIDENT_BYTES_H_
#define MILLRACE_LOOP_TESTING_RESIDENT_BYTES_H_

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace millrace {

inline int64_t ResidentBytes() {
  int64_t all = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_TESTING_RESIDENT_BYTES_H_
