// The load: unary calls over one connection, a fixed number of them in flight,
// from one thread.
#ifndef MILLRACE_TESTS_BENCH_FACES_LOAD_H_
#define MILLRACE_TESTS_BENCH_FACES_LOAD_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace millrace::bench {

struct LoadResult {
  int64_t calls = 0;
  double seconds = 0;
  // How long each call took, in seconds and in no order, when it was asked for.
  std::vector<double> latencies;
};

// An echo of 100 bytes, as bytes.
std::string EchoRequestBytes();

struct Load {
  std::string target;
  // What is called again and again, with the bytes of one request.
  std::string path = "/millrace.test.Echo/Say";
  std::string request = EchoRequestBytes();
  // The bytes of the request of each call, by its number from 0 on, instead.
  std::function<std::string(int64_t)> make_request;
  bool keep_latencies = false;
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
