// The end of a busy process, and a process without work.
#include <dirent.h>

#include <uv.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "bare.h"
#include "base/status.h"
#include "base/strings.h"
#include "bench.h"
#include "loop/combinators.h"

namespace millrace::bench {
namespace {

class Slow final : public ::users::v1::UserEvents::Listener {
 public:
  Promise<void> OnCreated(const Event<::users::v1::UserCreated>&) override {
    ++begun;
    return Delay(absl::Milliseconds(50));
  }
  int begun = 0;
};

Promise<void> DrainBusy(KafkaStage& stage) {
  const Run& run = stage.run();
  bus::BusOptions options;
  options.subscription.max_parallel = run.count;
  options.subscription.max_in_flight = static_cast<size_t>(run.count);
  options.subscription.max_in_flight_bytes = 1 << 30;
  bus::Bus bus(stage.loop(), stage.transport(), stage.logger(), stage.metrics(),
               options);
  Slow listener;
  ThrowIfError(bus.Subscribe(ContractOn(run.topic), run.group, listener));
  // Half of what is to be here at most, so that much is still to begin.
  while (bus.in_flight() < static_cast<size_t>(run.count) / 2) {
    co_await Delay(absl::Milliseconds(1));
  }
  const int in_flight = static_cast<int>(bus.in_flight());
  const Stopwatch watch;
  co_await bus.Drain(absl::Seconds(10));
  watch.Print(in_flight);
}

// Voluntary context switches of this process so far, of all its threads.
int64_t Switches() {
  int64_t sum = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) {
    std::ifstream status(StrCat("/proc/self/task/", task->d_name, "/status"));
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view kName = "voluntary_ctxt_switches:";
      if (line.compare(0, kName.size(), kName) == 0) {
        sum += std::atoll(line.c_str() + kName.size());
      }
    }
  }
  closedir(tasks);
  return sum;
}

constexpr absl::Duration kIdle = absl::Seconds(5);

class Nothing final : public ::users::v1::UserEvents::Listener {};

Promise<void> Idle(KafkaStage& stage) {
  const Run& run = stage.run();
  bus::Bus bus(stage.loop(), stage.transport(), stage.logger(),
               stage.metrics());
  Nothing listener;
  ThrowIfError(bus.Subscribe(ContractOn(run.topic), run.group, listener));
  co_await Delay(absl::Seconds(5));  // has joined, and found nothing
  const int64_t before = Switches();
  const Stopwatch watch;
  co_await Delay(kIdle);
  watch.Print(static_cast<int>(Switches() - before));
  co_await bus.Drain(absl::Seconds(10));
}

}  // namespace

void Drain(const Run& run) { KafkaStage(run).Go(&DrainBusy); }
void IdleOurs(const Run& run) { KafkaStage(run).Go(&Idle); }

// A producer, a consumer in its group, and a libuv loop that waits: what any
// process of this kind has.
void IdleFloor(const Run& run) {
  // Lives as long as the program.
  BareClient(RD_KAFKA_PRODUCER, BareConfig(run));
  rd_kafka_t* consumer = BareConsumer(run);
  rd_kafka_consumer_poll(consumer, 5000);
  uv_loop_t loop;
  uv_loop_init(&loop);
  uv_timer_t timer;
  uv_timer_init(&loop, &timer);
  uv_timer_start(
      &timer, [](uv_timer_t*) {},
      static_cast<uint64_t>(absl::ToInt64Milliseconds(kIdle)), 0);
  const int64_t before = Switches();
  const Stopwatch watch;
  uv_run(&loop, UV_RUN_DEFAULT);
  watch.Print(static_cast<int>(Switches() - before));
  std::_Exit(0);  // without the seconds that closing takes
}

}  // namespace millrace::bench
