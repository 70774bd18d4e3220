// HTTP: the comparison, and the load on a server that runs already.
#ifndef MILLRACE_TESTS_BENCH_FACES_HTTP_COMPARE_H_
#define MILLRACE_TESTS_BENCH_FACES_HTTP_COMPARE_H_

#include <cstdint>
#include <string>

namespace millrace::bench {

// GET of a small route and POST of a unary call as JSON, at 64 connections.
void CompareHttp(int rounds, double seconds);

// What the comparison sends: a GET, or with a token ("-": none) a POST.
void LoadHttp(int port, int64_t requests, const std::string& token);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_HTTP_COMPARE_H_
