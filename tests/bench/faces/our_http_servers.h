// The HTTP face: GET /hello, and the echo by the Connect protocol. One loop
// each; they run until the process is ended, and print their port first.
#ifndef MILLRACE_TESTS_BENCH_FACES_OUR_HTTP_SERVERS_H_
#define MILLRACE_TESTS_BENCH_FACES_OUR_HTTP_SERVERS_H_

namespace millrace::bench {

// Nothing between the face and the handler.
void RunHttpServer();

// The pipeline of a service between them (echo.h). Prints a token behind the
// port.
void RunHttpPipelineServer();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_OUR_HTTP_SERVERS_H_
