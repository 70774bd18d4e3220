// The load: unary calls over one connection, a fixed number of them in flight,
// from one thread.
#ifndef MILLRACE_TESTS_BENCH_FACES_LOAD_H_
#define MILLRACE_TESTS_BENCH_FACES_LOAD_H_

#include <cstdint>
#include <string>

namespace millrace::bench {

struct LoadResult {
  int64_t calls = 0;
  double seconds = 0;
};

// What is called again and again: the method's path, such as
// "/millrace.test.Echo/Say", with the bytes of one request.
struct LoadCall {
  std::string path;
  std::string request;
};

// Calls until `seconds` have passed. Ends the process when a call fails.
LoadResult RunLoad(const std::string& target, const LoadCall& call,
                   int in_flight, double seconds);

// The same of echo calls of 100 bytes.
LoadResult RunLoad(const std::string& target, int in_flight, double seconds);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_LOAD_H_
