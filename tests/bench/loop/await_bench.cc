// then: chains of 1,000 Then(); await_value: of a promise that is made settled;
// await_promise: of one promise that was settled long ago; await_coroutine: of
// an async function that returns at once; await_nested: of one that awaits
// another. No floor: the bare language has no microtasks.
#include "bench.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace::bench {
namespace {

constexpr int64_t kThens = 1'000;

void Then(benchmark::State& state, int64_t length) {
  EventLoop loop;
  const int64_t chains = length / kThens;
  for (auto _ : state) {
    for (int64_t chain = 0; chain < chains; ++chain) {
      auto promise = Promise<int64_t>::Resolve(0);
      loop.Dispatch([&promise] {
        for (int64_t i = 0; i < kThens; ++i) {
          promise = std::move(promise).Then([](int64_t n) { return n + 1; });
        }
      });
      if (promise.value() != kThens) state.SkipWithError("lost callbacks");
    }
  }
  state.SetItemsProcessed(state.iterations() * chains * kThens);
}

Promise<int64_t> Return(int64_t value) { co_return value; }
Promise<int64_t> Nested(int64_t value) { co_return co_await Return(value); }

Promise<int64_t> AwaitValues(int64_t count) {
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    sum += co_await Promise<int64_t>::Resolve(i);
  }
  co_return sum;
}

Promise<int64_t> AwaitPromise(int64_t count) {
  const auto promise = Promise<int64_t>::Resolve(1);
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += co_await promise;
  co_return sum;
}

Promise<int64_t> AwaitCoroutines(int64_t count) {
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += co_await Return(i);
  co_return sum;
}

Promise<int64_t> AwaitNested(int64_t count) {
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += co_await Nested(i);
  co_return sum;
}

void Await(benchmark::State& state, int64_t count,
           Promise<int64_t> (*run)(int64_t count)) {
  EventLoop loop;
  for (auto _ : state) {
    Promise<int64_t> sum;
    loop.Dispatch([&] { sum = run(count); });
    if (!sum.settled()) state.SkipWithError("still waiting");
    benchmark::DoNotOptimize(sum.value());
  }
  state.SetItemsProcessed(state.iterations() * count);
}

}  // namespace

void RegisterAwaits(const Sizes& sizes) {
  using benchmark::RegisterBenchmark;
  RegisterBenchmark("then/ours", Then, sizes.chain);
  RegisterBenchmark("await_value/ours", Await, sizes.chain, AwaitValues);
  RegisterBenchmark("await_promise/ours", Await, sizes.chain, AwaitPromise);
  RegisterBenchmark("await_coroutine/ours", Await, sizes.chain,
                    AwaitCoroutines);
  RegisterBenchmark("await_nested/ours", Await, sizes.chain, AwaitNested);
}

}  // namespace millrace::bench
