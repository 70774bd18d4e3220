// loops: a turn of a service's work (tasks that await, a timer, an emit) on two
// loops of two threads, half of the turns on each; the floor does all of them
// on one. In time on the clock. What the loops share, they share here too: the
// allocator, the clock, whatever is static.
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

#include "bench.h"
#include "events/event_emitter.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace::bench {
namespace {

constexpr int kTasksPerTurn = 16;

struct Results {
  struct Done {
    using Payload = int64_t;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "done";
  };
  static constexpr size_t kEventCount = 1;
};

Promise<int64_t> Step(int64_t value) { co_return value + 1; }

Promise<void> Task(EventEmitter<Results>& results) {
  int64_t value = 0;
  for (int i = 0; i < 4; ++i) value = co_await Step(value);
  results.Emit<Results::Done>(value);
}

// A loop of its own, on the thread that calls it.
void Turns(int64_t turns) {
  EventLoop loop;
  int64_t seen = 0;
  EventEmitter<Results> results(loop);
  results.On<Results::Done>([&seen](const int64_t& value) { seen += value; });
  std::function<void()> turn = [&] {
    for (int i = 0; i < kTasksPerTurn; ++i) Task(results).Detach();
    Timer timeout = loop.SetTimeout(absl::Seconds(30), [] {});
    timeout.Clear();
    if (--turns > 0) loop.SetImmediate(turn);
  };
  loop.SetImmediate(turn);
  loop.Run();
  benchmark::DoNotOptimize(seen);
}

void OnLoops(benchmark::State& state, int64_t turns, int loops) {
  for (auto _ : state) {
    std::vector<std::thread> others;
    for (int i = 1; i < loops; ++i) others.emplace_back(Turns, turns / loops);
    Turns(turns / loops);
    for (std::thread& other : others) other.join();
  }
  state.SetItemsProcessed(state.iterations() * (turns / loops) * loops);
}

}  // namespace

void RegisterLoops(const Sizes& sizes) {
  benchmark::RegisterBenchmark("loops/ours", OnLoops, sizes.chain, 2)
      ->UseRealTime();
  benchmark::RegisterBenchmark("loops/floor", OnLoops, sizes.chain, 1)
      ->UseRealTime();
}

}  // namespace millrace::bench
