// The floor of HTTP: libuv alone. Whatever is read of a connection is answered
// with the same bytes, unseen. Runs until the process is ended, and prints its
// port first.
#ifndef MILLRACE_TESTS_BENCH_FACES_FLOOR_SERVER_H_
#define MILLRACE_TESTS_BENCH_FACES_FLOOR_SERVER_H_

namespace millrace::bench {

void RunFloorServer();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_FLOOR_SERVER_H_
