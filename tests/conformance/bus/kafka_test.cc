// The Kafka transport in the conformance suite, on a real broker: one for the
// program, which each case has to itself while it runs.

#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "bus/kafka/kafka_transport.h"
#include "tests/conformance/bus/suite.h"
#include "tests/support/kafka_server.h"

namespace millrace::bus::conformance {
namespace {

using millrace::testing::KafkaServer;

class Broker : public ::testing::Environment {
 public:
  absl::StatusOr<KafkaServer*> Get() {
    if (!server_) server_ = KafkaServer::Start();
    if (!server_->ok()) return server_->status();
    return server_->value().get();
  }

  void TearDown() override { server_.reset(); }

 private:
  // None until the first case asks.
  std::optional<absl::StatusOr<std::unique_ptr<KafkaServer>>> server_;
};

// Topics have names of their own, so that cases share the broker.
class KafkaHarness final : public Harness {
 public:
  explicit KafkaHarness(KafkaServer& server) : server_(server) {}

  Features features() const override {
    Features features;
    features.restart = true;
    features.several = true;
    return features;
  }

  Promise<std::unique_ptr<Transport>> Open(EventLoop& loop, Logger& logger,
                                           Metrics&) override {
    KafkaOptions options;
    options.brokers = server_.brokers();
    options.session_timeout = absl::Seconds(3);
    options.commit_interval = absl::Milliseconds(20);
    options.metadata_refresh = absl::Milliseconds(500);
    return Promise<std::unique_ptr<Transport>>::Resolve(
        ValueOrThrow(OpenKafka(loop, std::move(options), logger)));
  }

  void StopLog() override { server_.Stop(); }
  void StartLog() override { ThrowIfError(server_.Restart()); }

 private:
  KafkaServer& server_;
};

Subject Kafka() {
  // GoogleTest owns and destroys it.
  static auto* const broker =
      static_cast<Broker*>(::testing::AddGlobalTestEnvironment(new Broker));
  return {"Kafka", [](EventLoop&) -> absl::StatusOr<std::unique_ptr<Harness>> {
            const auto server = broker->Get();
            if (!server.ok()) return server.status();
            return std::make_unique<KafkaHarness>(**server);
          }};
}

INSTANTIATE_TEST_SUITE_P(Kafka, BusConformance, ::testing::Values(Kafka()));

}  // namespace
}  // namespace millrace::bus::conformance
