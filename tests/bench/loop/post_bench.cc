// post: another thread posts bursts of 10,000 tasks, the next burst when the
// last one has run. In time on the clock, since two threads work; the counter
// tells how many turns the loop made for a burst.
#include <algorithm>
#include <atomic>
#include <thread>

#include "bench.h"
#include "loop/event_loop.h"

namespace millrace::bench {
namespace {

constexpr int64_t kBurst = 10'000;

void Post(benchmark::State& state, int64_t count) {
  EventLoop loop;
  const int64_t burst = std::min(kBurst, count);
  const int64_t bursts = count / burst;
  uint64_t turns = 0;
  std::atomic<int64_t> ran{0};
  for (auto _ : state) {
    ran = 0;
    turns -= loop.turns();
    loop.AddRef();
    std::thread sender([&] {
      for (int64_t i = 0; i < bursts; ++i) {
        for (int64_t j = 0; j < burst; ++j) {
          loop.Post([&ran] {
            ran.store(ran.load(std::memory_order_relaxed) + 1,
                      std::memory_order_release);
          });
        }
        while (ran.load(std::memory_order_acquire) < (i + 1) * burst) {
          std::this_thread::yield();
        }
      }
      loop.Post([&loop] { loop.ReleaseRef(); });
    });
    loop.Run();
    sender.join();
    turns += loop.turns();
  }
  state.SetItemsProcessed(state.iterations() * bursts * burst);
  state.counters["turns_per_burst"] =
      static_cast<double>(turns) / (state.iterations() * bursts);
}

}  // namespace

void RegisterPost(const Sizes& sizes) {
  benchmark::RegisterBenchmark("post/ours", Post, sizes.batch)->UseRealTime();
}

}  // namespace millrace::bench
