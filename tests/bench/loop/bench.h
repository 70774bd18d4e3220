// The cases of the loop and the emitter, each with its floor: what the same
// work costs in bare C++ or bare libuv. Names are CASE/ours and CASE/floor;
// twin.cjs has the same cases for Node, compare.mjs runs all three in turns.
//
// A case does Sizes::batch or Sizes::chain operations in an iteration and
// reports operations (items) per second of the thread's CPU time; one that has
// several parts reports each as a counter in nanoseconds per operation.
#ifndef MILLRACE_TESTS_BENCH_LOOP_BENCH_H_
#define MILLRACE_TESTS_BENCH_LOOP_BENCH_H_

#include <benchmark/benchmark.h>

#include <cstdint>

namespace millrace::bench {

struct Sizes {
  int64_t batch = 1'000'000;  // queued at once, then run
  int64_t chain = 100'000;    // one after the other, each queued by the last
};

void RegisterEmit(const Sizes& sizes);
void RegisterQueues(const Sizes& sizes);
void RegisterTurns(const Sizes& sizes);
void RegisterAwaits(const Sizes& sizes);
void RegisterTimers(const Sizes& sizes);
void RegisterPost(const Sizes& sizes);
void RegisterLoops(const Sizes& sizes);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_LOOP_BENCH_H_
