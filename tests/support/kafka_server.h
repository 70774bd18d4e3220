// A private Apache Kafka broker for tests (KRaft, one node, on the loopback):
// run by tests/support/kafka/broker, with its own data directory and free
// ports. It goes away with its owner, also when the owner is killed. Blocking
// calls, for the thread that made it.
#ifndef MILLRACE_TESTS_SUPPORT_KAFKA_SERVER_H_
#define MILLRACE_TESTS_SUPPORT_KAFKA_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace::testing {

class KafkaServer {
 public:
  // `settings` are broker settings, NAME=VALUE. UNAVAILABLE saying why there
  // can be no broker here: a reason to skip.
  static absl::StatusOr<std::unique_ptr<KafkaServer>> Start(
      std::vector<std::string> settings = {});

  ~KafkaServer();
  KafkaServer(const KafkaServer&) = delete;
  KafkaServer& operator=(const KafkaServer&) = delete;

  std::string brokers() const;  // HOST:PORT
  int port() const { return port_; }

  // Ends the broker, in order or as a crash would.
  void Stop();
  void Kill9();
  // Starts it again on the same port and data, and waits until it answers.
  absl::Status Restart();
  // The same without the waiting.
  absl::Status RestartSoon();
  absl::Status AwaitReady();

  // Stops the process from running, as a long pause would, and goes on.
  void Pause();
  void Continue();

 private:
  KafkaServer(std::string dir, int port, std::vector<std::string> settings);

  absl::Status Launch();
  void End(int signal);
  std::string LogTail() const;

  const std::string dir_;
  const int port_;
  const std::vector<std::string> settings_;
  pid_t pid_ = -1;
};

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_KAFKA_SERVER_H_
