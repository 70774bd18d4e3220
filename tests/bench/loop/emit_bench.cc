// emit_1, emit_10: one payload to 1 and to 10 listeners. Floor: a vector of
// std::function.
#include <functional>
#include <string_view>
#include <vector>

#include "bench.h"
#include "events/event_emitter.h"

namespace millrace::bench {
namespace {

struct Numbers {
  struct Next {
    using Payload = int64_t;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "next";
  };
  static constexpr size_t kEventCount = 1;
};

void Ours(benchmark::State& state, int64_t emits, int listeners) {
  EventLoop loop;
  EventEmitter<Numbers> emitter(loop);
  int64_t sum = 0;
  for (int i = 0; i < listeners; ++i) {
    emitter.On<Numbers::Next>([&sum](const int64_t& n) { sum += n; });
  }
  for (auto _ : state) {
    for (int64_t i = 0; i < emits; ++i) {
      benchmark::DoNotOptimize(emitter.Emit<Numbers::Next>(i));
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * emits);
}

void Floor(benchmark::State& state, int64_t emits, int listeners) {
  std::vector<std::function<void(const int64_t&)>> functions;
  int64_t sum = 0;
  for (int i = 0; i < listeners; ++i) {
    functions.push_back([&sum](const int64_t& n) { sum += n; });
  }
  // As an emitter has them: where the compiler has to look again each time.
  auto* list = &functions;
  benchmark::DoNotOptimize(list);
  for (auto _ : state) {
    for (int64_t i = 0; i < emits; ++i) {
      benchmark::ClobberMemory();
      for (const auto& function : *list) function(i);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * emits);
}

}  // namespace

void RegisterEmit(const Sizes& sizes) {
  benchmark::RegisterBenchmark("emit_1/ours", Ours, sizes.chain, 1);
  benchmark::RegisterBenchmark("emit_1/floor", Floor, sizes.chain, 1);
  benchmark::RegisterBenchmark("emit_10/ours", Ours, sizes.chain, 10);
  benchmark::RegisterBenchmark("emit_10/floor", Floor, sizes.chain, 10);
}

}  // namespace millrace::bench
