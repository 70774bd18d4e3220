// What is compared with the floor: servers of libs/rpc, one loop each, with the
// same echo behind them. They run until the process is ended, and print their
// port first.
#ifndef MILLRACE_TESTS_BENCH_FACES_OUR_SERVERS_H_
#define MILLRACE_TESTS_BENCH_FACES_OUR_SERVERS_H_

namespace millrace::bench {

// Nothing between gRPC and the handler.
void RunBareServer();

// The pipeline of a service between them (echo.h). Prints a token behind the
// port.
void RunPipelineServer();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_OUR_SERVERS_H_
