// The load: unary echo calls of 100 bytes over one connection, a fixed number
// of them in flight, from one thread.
#ifndef MILLRACE_TESTS_BENCH_FACES_LOAD_H_
#define MILLRACE_TESTS_BENCH_FACES_LOAD_H_

#include <cstdint>
#include <string>

namespace millrace::bench {

struct LoadResult {
  int64_t calls = 0;
  double seconds = 0;
};

// Calls until `seconds` have passed. Ends the process when a call fails.
LoadResult RunLoad(const std::string& target, int in_flight, double seconds);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_LOAD_H_
