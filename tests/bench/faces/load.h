// The load: unary calls over one connection, a fixed number of them in flight,
// from one thread.
#ifndef MILLRACE_TESTS_BENCH_FACES_LOAD_H_
#define MILLRACE_TESTS_BENCH_FACES_LOAD_H_

#include <cstdint>
#include <limits>
#include <string>

namespace millrace::bench {

struct LoadResult {
  int64_t calls = 0;
  double seconds = 0;
};

// An echo of 100 bytes, as bytes.
std::string EchoRequestBytes();

struct Load {
  std::string target;
  // What is called again and again, with the bytes of one request.
  std::string path = "/millrace.test.Echo/Say";
  std::string request = EchoRequestBytes();
  // Goes with each call, if it is not empty, and a trace with it.
  std::string token;
  int in_flight = 1;
  // Until either is over.
  double seconds = 1;
  int64_t calls = std::numeric_limits<int64_t>::max();
};

// Ends the process when a call fails.
LoadResult RunLoad(const Load& load);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_LOAD_H_
