#include "bus/kafka/environment.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace::bus::kafka {

// Of one reaper, and of its threads for as long as they run.
struct Reaper::Running {
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;
};

void Reaper::Destroyed(rd_kafka_t* client) {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Reaper::Reaper(Logger& logger, std::shared_ptr<LogSink> logs,
               absl::Duration patience, Destroyer destroyer)
    : logger_(logger),
      logs_(std::move(logs)),
      patience_(patience),
      destroyer_(destroyer),
      running_(std::make_shared<Running>()) {}

Reaper::~Reaper() {
  int left = 0;
  {
    std::unique_lock<std::mutex> lock(running_->mutex);
    running_->changed.wait_for(lock, absl::ToChronoMilliseconds(patience_),
                               [this] { return running_->count == 0; });
    left = running_->count;
  }
  if (left > 0) {
    logger_.Error(
        "instances of librdkafka do not end; they are left until the process "
        "does",
        {{"count", left}});
  }
  logs_->Close();
}

void Reaper::Destroy(rd_kafka_t* client, std::shared_ptr<void> kept) {
  {
    const std::lock_guard<std::mutex> lock(running_->mutex);
    ++running_->count;
  }
  std::thread([running = running_, logs = logs_, destroyer = destroyer_,
               kept = std::move(kept), client] {
    destroyer(client);
    const std::lock_guard<std::mutex> lock(running->mutex);
    --running->count;
    running->changed.notify_all();
  }).detach();
}

Environment::Environment(EventLoop& loop, KafkaOptions options, Logger& logger)
    : loop(loop),
      options(std::move(options)),
      logger(logger),
      logs(std::make_shared<LogSink>(logger)),
      reaper(logger, logs),
      calls({.threads = 2, .name = "kafka"}) {}

}  // namespace millrace::bus::kafka
