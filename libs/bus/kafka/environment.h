// What the parts of one Kafka transport share: the loop, the options, where
// librdkafka logs to, and the threads for its few blocking calls.
//
// Made and destroyed on the loop's thread; outlives every part. Its destructor
// waits for the instances that are still being destroyed, up to a bound.
#ifndef MILLRACE_BUS_KAFKA_ENVIRONMENT_H_
#define MILLRACE_BUS_KAFKA_ENVIRONMENT_H_

#include <librdkafka/rdkafka.h>

#include <memory>

#include "absl/time/time.h"
#include "base/logger.h"
#include "bus/kafka/log_sink.h"
#include "bus/kafka/options.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/worker_pool.h"

namespace millrace::bus::kafka {

// An instance of librdkafka. Whoever holds it last starts its destruction,
// from any thread but librdkafka's own, while the environment exists: a job
// lets go of its own before it returns. Its queues must be gone by then.
using Handle = std::shared_ptr<rd_kafka_t>;

// Destroys instances beside the loop: to join their threads takes a while.
// librdkafka knows no bound for that, so the destructor gives up on those that
// take longer than `patience`: they stay until the process ends, and log
// nowhere.
class Reaper {
 public:
  using Destroyer = void (*)(rd_kafka_t*);

  static constexpr absl::Duration kPatience = absl::Seconds(5);
  // Without closing consumers, which their owners have done.
  static void Destroyed(rd_kafka_t* client);

  // `logs` is where the instances log to.
  Reaper(Logger& logger, std::shared_ptr<LogSink> logs,
         absl::Duration patience = kPatience, Destroyer destroyer = Destroyed);
  ~Reaper();
  // `kept` is let go of when the instance is gone.
  void Destroy(rd_kafka_t* client, std::shared_ptr<void> kept = nullptr);

 private:
  struct Running;

  Logger& logger_;
  const std::shared_ptr<LogSink> logs_;
  const absl::Duration patience_;
  const Destroyer destroyer_;
  const std::shared_ptr<Running> running_;
};

struct Environment {
  Environment(EventLoop& loop, KafkaOptions options, Logger& logger);

  // Named in every error: "Kafka at HOST:PORT".
  std::string place() const { return "Kafka at " + options.brokers; }

  EventLoop& loop;
  const KafkaOptions options;
  Logger& logger;
  const std::shared_ptr<LogSink> logs;
  Reaper reaper;
  // Metadata and offsets, which librdkafka 2.0.2 gives only to who waits.
  WorkerPool calls;
  // Aborted when the transport closes: ends what is under way on its own.
  AbortController closed;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_ENVIRONMENT_H_
