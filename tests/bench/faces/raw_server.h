// The floor: an echo server on the bare completion queue, one thread, handler
// inline, nothing else. Serves Say of the test contract; runs until the
// process is ended. Prints its port first.
//
// gRPC hands a call of a method that was registered over with its request. One
// of the generic service, which takes any method, has to be read for: a batch
// and a completion more of each call.
#ifndef MILLRACE_TESTS_BENCH_FACES_RAW_SERVER_H_
#define MILLRACE_TESTS_BENCH_FACES_RAW_SERVER_H_

namespace millrace::bench {

void RunRawServer();         // a registered method
void RunGenericRawServer();  // the generic service, as libs/rpc uses it

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_RAW_SERVER_H_
