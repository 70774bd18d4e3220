// timers_1, timers_1000: starts Sizes::batch timers of 1 and of 1,000
// durations, then clears them in the order of their start; none is due before.
// Floor: uv_timer_start() and uv_timer_stop() on handles that exist already.
#include <time.h>
#include <uv.h>

#include <vector>

#include "bench.h"
#include "loop/event_loop.h"

namespace millrace::bench {
namespace {

constexpr int64_t kFirstMs = 3'600'000;

double CpuNanoseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

// What the two parts of an iteration took.
class Parts {
 public:
  void Begin() { begin_ = CpuNanoseconds(); }
  void Inserted() { middle_ = CpuNanoseconds(); }
  void Cleared() {
    insert_ += middle_ - begin_;
    clear_ += CpuNanoseconds() - middle_;
  }
  void Report(benchmark::State& state, int64_t count) const {
    const double operations = state.iterations() * static_cast<double>(count);
    state.counters["insert"] = insert_ / operations;
    state.counters["clear"] = clear_ / operations;
  }

 private:
  double begin_ = 0;
  double middle_ = 0;
  double insert_ = 0;
  double clear_ = 0;
};

void Ours(benchmark::State& state, int64_t count, int64_t durations) {
  EventLoop loop;
  std::vector<Timer> timers(count);
  int64_t fired = 0;
  Parts parts;
  // Once more than is counted: the first time the kernel hands out the pages.
  const auto run = [&] {
    parts.Begin();
    for (int64_t i = 0; i < count; ++i) {
      timers[i] = loop.SetTimeout(absl::Milliseconds(kFirstMs + i % durations),
                                  [&fired] { ++fired; });
    }
    parts.Inserted();
    for (Timer& timer : timers) {
      timer.Clear();
      timer = Timer();
    }
    parts.Cleared();
  };
  run();
  parts = Parts();
  for (auto _ : state) run();
  if (fired != 0 || loop.alive()) state.SkipWithError("not cleared");
  parts.Report(state, count);
}

void Floor(benchmark::State& state, int64_t count, int64_t durations) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  std::vector<uv_timer_t> timers(count);
  for (uv_timer_t& timer : timers) uv_timer_init(&loop, &timer);
  Parts parts;
  const auto run = [&] {
    parts.Begin();
    for (int64_t i = 0; i < count; ++i) {
      uv_timer_start(
          &timers[i], [](uv_timer_t*) {}, kFirstMs + i % durations, 0);
    }
    parts.Inserted();
    for (uv_timer_t& timer : timers) uv_timer_stop(&timer);
    parts.Cleared();
  };
  run();
  parts = Parts();
  for (auto _ : state) run();
  parts.Report(state, count);
  for (uv_timer_t& timer : timers) {
    uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

}  // namespace

void RegisterTimers(const Sizes& sizes) {
  using benchmark::RegisterBenchmark;
  RegisterBenchmark("timers_1/ours", Ours, sizes.batch, 1);
  RegisterBenchmark("timers_1/floor", Floor, sizes.batch, 1);
  RegisterBenchmark("timers_1000/ours", Ours, sizes.batch, 1000);
  RegisterBenchmark("timers_1000/floor", Floor, sizes.batch, 1000);
}

}  // namespace millrace::bench
