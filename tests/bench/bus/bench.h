// What the cases of bus_bench share. Each side of a case is a process of its
// own and prints what it measured as one line of JSON; compare.mjs runs them
// in turns and says what follows.
#ifndef MILLRACE_TESTS_BENCH_BUS_BENCH_H_
#define MILLRACE_TESTS_BENCH_BUS_BENCH_H_

#include <string>
#include <string_view>

#include "base/logger.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "users/v1/events.millrace.h"

namespace millrace::bench {

struct Run {
  std::string brokers;  // empty for the embedded transport's cases
  std::string topic;
  std::string group;
  int count = 0;
  std::string database;  // a PostgreSQL database, of `audited` and `relay`
};

// An event of UserEvents, on the topic of a run in place of its own.
using Created = ::users::v1::UserEvents::Created;

// About 1 KiB on the wire; `number` chooses one of 1,000 keys.
::users::v1::UserCreated MakePayload(int number);
inline constexpr int kKeys = 1000;

// UserEvents with the topic of the run.
const ContractInfo& ContractOn(const std::string& topic);

// Since it was made: wall clock, and CPU of the whole process.
class Stopwatch {
 public:
  Stopwatch();
  // {"count":N,"seconds":S,"cpu_seconds":C}
  void Print(int count) const;
  double seconds() const;
  double cpu_seconds() const;

 private:
  double wall_;
  double cpu_;
};

// A bus on a Kafka cluster and the loop it lives on.
class KafkaStage {
 public:
  explicit KafkaStage(const Run& run);

  // Runs the case on the loop to its end; aborts the program if it fails.
  void Go(Promise<void> (*body)(KafkaStage& stage));

  const Run& run() const { return run_; }
  EventLoop& loop() { return loop_; }
  bus::Transport& transport() { return *transport_; }
  Metrics& metrics() { return metrics_; }
  Logger& logger() { return logger_; }

 private:
  const Run run_;
  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  std::unique_ptr<bus::Transport> transport_;
};

// The sides. "Floor" is what librdkafka or SQLite do in a bare C loop.
void PrepareTopic(const Run& run, int partitions);
void PublishOurs(const Run& run);
void PublishFloor(const Run& run);
void ConsumeOurs(const Run& run);
void ConsumeFloor(const Run& run);
// The bare loop reads what any typed listener must: headers and payload.
void ReadFloor(const Run& run);
// 5 ms of asynchronous work per event, by key, or one event at a time.
void LanesOurs(const Run& run);
void LanesOneAtATime(const Run& run);
// Ends with `count` events in flight, each of which takes 50 ms.
void Drain(const Run& run);
void EmbeddedOurs(const Run& run);
void EmbeddedFloor(const Run& run);
// Voluntary context switches of all threads in five seconds without work.
void IdleOurs(const Run& run);
void IdleFloor(const Run& run);
// From a request to the event in the audit trail, one at a time.
void AuditedOurs(const Run& run);
void AuditedFloor(const Run& run);
// What one relay publishes, beside what many requests at once commit.
void RelayOurs(const Run& run);
void RelayFloor(const Run& run);

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_BUS_BENCH_H_
