// tick_*, microtask_*, immediate_batch: *_chain queues one from the other,
// *_batch queues all and then runs them. Floor: a deque of std::function.
#include <deque>
#include <functional>
#include <utility>

#include "bench.h"
#include "loop/event_loop.h"

namespace millrace::bench {
namespace {

enum class Queue { kTick, kMicrotask, kImmediate };

template <Queue kQueue>
void Push(EventLoop& loop, Task task) {
  if constexpr (kQueue == Queue::kTick) {
    loop.NextTick(std::move(task));
  } else if constexpr (kQueue == Queue::kMicrotask) {
    loop.QueueMicrotask(std::move(task));
  } else {
    loop.SetImmediate(std::move(task));
  }
}

template <Queue kQueue>
struct Link {
  EventLoop* loop;
  int64_t* left;
  void operator()() const {
    if (--*left > 0) Push<kQueue>(*loop, *this);
  }
};

template <Queue kQueue>
void Chain(benchmark::State& state, int64_t length) {
  EventLoop loop;
  int64_t left = 0;
  for (auto _ : state) {
    left = length;
    loop.Dispatch([&] { Push<kQueue>(loop, Link<kQueue>{&loop, &left}); });
  }
  state.SetItemsProcessed(state.iterations() * length);
}

template <Queue kQueue>
void Batch(benchmark::State& state, int64_t size) {
  EventLoop loop;
  int64_t ran = 0;
  const auto run = [&] {
    loop.Dispatch([&] {
      for (int64_t i = 0; i < size; ++i) Push<kQueue>(loop, [&ran] { ++ran; });
    });
    if constexpr (kQueue == Queue::kImmediate) loop.Run();
  };
  // Once more than is counted: the first time the kernel hands out the pages.
  run();
  ran = 0;
  for (auto _ : state) run();
  if (ran != state.iterations() * size) state.SkipWithError("lost callbacks");
  state.SetItemsProcessed(state.iterations() * size);
}

using FloorQueue = std::deque<std::function<void()>>;

void Drain(FloorQueue& queue) {
  while (!queue.empty()) {
    const std::function<void()> task = std::move(queue.front());
    queue.pop_front();
    task();
  }
}

struct FloorLink {
  FloorQueue* queue;
  int64_t* left;
  void operator()() const {
    if (--*left > 0) queue->push_back(*this);
  }
};

void ChainFloor(benchmark::State& state, int64_t length) {
  FloorQueue queue;
  int64_t left = 0;
  for (auto _ : state) {
    left = length;
    queue.push_back(FloorLink{&queue, &left});
    Drain(queue);
  }
  state.SetItemsProcessed(state.iterations() * length);
}

void BatchFloor(benchmark::State& state, int64_t size) {
  FloorQueue queue;
  int64_t ran = 0;
  for (auto _ : state) {
    for (int64_t i = 0; i < size; ++i) queue.push_back([&ran] { ++ran; });
    Drain(queue);
  }
  benchmark::DoNotOptimize(ran);
  state.SetItemsProcessed(state.iterations() * size);
}

}  // namespace

void RegisterQueues(const Sizes& sizes) {
  using benchmark::RegisterBenchmark;
  RegisterBenchmark("tick_chain/ours", Chain<Queue::kTick>, sizes.chain);
  RegisterBenchmark("tick_chain/floor", ChainFloor, sizes.chain);
  RegisterBenchmark("tick_batch/ours", Batch<Queue::kTick>, sizes.batch);
  RegisterBenchmark("tick_batch/floor", BatchFloor, sizes.batch);
  RegisterBenchmark("microtask_chain/ours", Chain<Queue::kMicrotask>,
                    sizes.chain);
  RegisterBenchmark("microtask_chain/floor", ChainFloor, sizes.chain);
  RegisterBenchmark("microtask_batch/ours", Batch<Queue::kMicrotask>,
                    sizes.batch);
  RegisterBenchmark("microtask_batch/floor", BatchFloor, sizes.batch);
  RegisterBenchmark("immediate_batch/ours", Batch<Queue::kImmediate>,
                    sizes.batch);
  RegisterBenchmark("immediate_batch/floor", BatchFloor, sizes.batch);
}

}  // namespace millrace::bench
