// The floor: an echo server on the bare completion queue, one thread, handler
// inline, nothing else. Serves Say of the test contract; runs until the
// process is ended. Prints its port first.
#ifndef MILLRACE_TESTS_BENCH_FACES_RAW_SERVER_H_
#define MILLRACE_TESTS_BENCH_FACES_RAW_SERVER_H_

namespace millrace::bench {

void RunRawServer();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_RAW_SERVER_H_
