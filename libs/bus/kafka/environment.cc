#include "bus/kafka/environment.h"

#include <chrono>
#include <utility>

namespace millrace::bus::kafka {

Reaper::~Reaper() {
  for (std::future<void>& one : running_) one.wait();
}

void Reaper::Destroy(rd_kafka_t* client) {
  const std::lock_guard<std::mutex> lock(mutex_);
  running_.remove_if([](std::future<void>& one) {
    return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  running_.push_back(std::async(std::launch::async, [client] {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }));
}

Environment::Environment(EventLoop& loop, KafkaOptions options, Logger& logger)
    : loop(loop),
      options(std::move(options)),
      logger(logger),
      logs(logger),
      calls({.threads = 2, .name = "kafka"}) {}

}  // namespace millrace::bus::kafka
