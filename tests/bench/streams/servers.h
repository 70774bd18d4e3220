// The servers that the streams are opened at. Each says its port and serves
// until it is killed.
#ifndef MILLRACE_TESTS_BENCH_STREAMS_SERVERS_H_
#define MILLRACE_TESTS_BENCH_STREAMS_SERVERS_H_

#include <chrono>

namespace millrace::bench {

// How often messages go out to open streams, and to how many of them: 200 a
// second over all.
inline constexpr std::chrono::milliseconds kTick{10};
inline constexpr int kPerTick = 2;

// gRPC's completion queue and nothing else, the floor. Every stream is answered
// once and stays open; then each is sent a message now and then.
void RunRawStreams();

// libs/rpc, in the same way.
void RunOurStreams();

// Server-Sent Events of libs/http, in the same way; GET /events.
void RunOurEvents();

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_STREAMS_SERVERS_H_
