// The servers that the streams are opened at. Each says its port and serves
// until it is killed.
#ifndef MILLRACE_TESTS_BENCH_STREAMS_SERVERS_H_
#define MILLRACE_TESTS_BENCH_STREAMS_SERVERS_H_

namespace millrace::bench {

// gRPC's completion queue and nothing else: a stream is answered once and stays
// open. The floor.
void RunRawStreams();

// libs/rpc. Every stream is answered once and stays open; then each is sent a
// message now and then, some hundred a second over all.
void RunOurStreams();

// Server-Sent Events of libs/http, in the same way; GET /events.
void RunOurEvents();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_STREAMS_SERVERS_H_
