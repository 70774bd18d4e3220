// Consuming a topic that is full already, from its first record: the bus with
// a typed listener, lanes and commits, beside librdkafka's consumer in a bare C
// loop. The clock runs from the first record on: joining a group is no work.
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "bare.h"
#include "base/status.h"
#include "bench.h"
#include "loop/combinators.h"

namespace millrace::bench {
namespace {

using ::users::v1::UserCreated;

class Counting final : public ::users::v1::UserEvents::Listener {
 public:
  explicit Counting(int wanted) : wanted_(wanted) {}

  Promise<void> OnCreated(const Event<UserCreated>& event) override {
    if (count_ == 0) watch_.emplace();
    bytes_ += event.payload.display_name().size();
    if (++count_ == wanted_) done_.Resolve();
    return Promise<void>::Resolve();
  }
  Promise<void> done() const { return done_.promise(); }
  const Stopwatch& watch() const { return *watch_; }

 private:
  const int wanted_;
  int count_ = 0;
  size_t bytes_ = 0;
  std::optional<Stopwatch> watch_;
  Deferred<void> done_;
};

Promise<void> ConsumeAll(KafkaStage& stage) {
  const Run& run = stage.run();
  bus::Bus bus(stage.loop(), stage.transport(), stage.logger(),
               stage.metrics());
  Counting listener(run.count);
  ThrowIfError(bus.Subscribe(ContractOn(run.topic), run.group, listener));
  co_await listener.done();
  listener.watch().Print(run.count);
  co_await bus.Drain(absl::Seconds(10));
}

// Works 5 ms on each event, as one who waits for a database does.
class Waiting final : public ::users::v1::UserEvents::Listener {
 public:
  explicit Waiting(int wanted) : wanted_(wanted) {}

  Promise<void> OnCreated(const Event<UserCreated>&) override {
    return Work(*this);
  }
  Promise<void> done() const { return done_.promise(); }
  const Stopwatch& watch() const { return *watch_; }

 private:
  static Promise<void> Work(Waiting& self) {
    if (!self.watch_) self.watch_.emplace();
    co_await Delay(absl::Milliseconds(5));
    if (++self.count_ == self.wanted_) self.done_.Resolve();
  }

  const int wanted_;
  int count_ = 0;
  std::optional<Stopwatch> watch_;
  Deferred<void> done_;
};

Promise<void> ConsumeWaiting(KafkaStage& stage, int max_parallel) {
  const Run& run = stage.run();
  bus::BusOptions options;
  options.subscription.max_parallel = max_parallel;
  bus::Bus bus(stage.loop(), stage.transport(), stage.logger(), stage.metrics(),
               options);
  Waiting listener(run.count);
  ThrowIfError(bus.Subscribe(ContractOn(run.topic), run.group, listener));
  co_await listener.done();
  listener.watch().Print(run.count);
  (void)co_await AsStatusOr(bus.Drain(absl::Seconds(1)));
}

Promise<void> ConsumeInLanes(KafkaStage& stage) {
  return ConsumeWaiting(stage, bus::SubscriptionOptions().max_parallel);
}

Promise<void> ConsumeOneAtATime(KafkaStage& stage) {
  return ConsumeWaiting(stage, 1);
}

}  // namespace

void ConsumeOurs(const Run& run) { KafkaStage(run).Go(&ConsumeAll); }
void LanesOurs(const Run& run) { KafkaStage(run).Go(&ConsumeInLanes); }
void LanesOneAtATime(const Run& run) { KafkaStage(run).Go(&ConsumeOneAtATime); }

namespace {

void Nothing(const rd_kafka_message_t&) {}

void ReadAll(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  rd_kafka_message_headers(&message, &headers);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  size_t bytes = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
       RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    bytes += size;
  }
  UserCreated payload;
  if (bytes == 0 ||
      !payload.ParseFromArray(message.payload, static_cast<int>(message.len))) {
    std::fprintf(stderr, "bus_bench: a record is no event\n");
    std::exit(1);
  }
}

void Consume(const Run& run, void (*on_message)(const rd_kafka_message_t&)) {
  rd_kafka_t* consumer = BareConsumer(run);
  std::optional<Stopwatch> watch;
  for (int count = 0; count < run.count;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 1000);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (!watch) watch.emplace();
      on_message(*message);
      ++count;
    }
    rd_kafka_message_destroy(message);
  }
  watch->Print(run.count);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
}

}  // namespace

void ConsumeFloor(const Run& run) { Consume(run, &Nothing); }
void ReadFloor(const Run& run) { Consume(run, &ReadAll); }

}  // namespace millrace::bench
