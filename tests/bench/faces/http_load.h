// The load on an HTTP server: one request again and again, over connections
// that are kept, one at a time on each, from one thread.
#ifndef MILLRACE_TESTS_BENCH_FACES_HTTP_LOAD_H_
#define MILLRACE_TESTS_BENCH_FACES_HTTP_LOAD_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace millrace::bench {

struct HttpLoad {
  int port = 0;
  std::string request;  // whole, as it is sent
  std::string answer;   // what the body of each answer contains
  int connections = 64;
  // Until either is over.
  double seconds = 1;
  int64_t requests = std::numeric_limits<int64_t>::max();
};

struct HttpLoadResult {
  int64_t requests = 0;
  double seconds = 0;
  std::vector<double> latencies;  // seconds, of each
};

// Ends the process when an answer is none of 200 with a Content-Length, or not
// what is expected.
HttpLoadResult RunHttpLoad(const HttpLoad& load);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_HTTP_LOAD_H_
