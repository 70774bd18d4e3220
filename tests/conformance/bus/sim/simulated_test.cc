// The simulated transport in the conformance suite, without faults: what the
// simulation stands on is a transport like the others. Time is virtual.

#include <memory>

#include "loop/testing/virtual_time.h"
#include "tests/conformance/bus/sim/sim_log.h"
#include "tests/conformance/bus/sim/sim_transport.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

class SimHarness final : public Harness {
 public:
  explicit SimHarness(EventLoop& loop, sim::Faults faults)
      : time_(loop, absl::FromUnixSeconds(1'800'000'000)),
        log_(std::make_shared<sim::SimLog>(loop, 1, std::move(faults))) {}

  Features features() const override {
    Features features;
    features.restart = true;
    features.several = true;
    return features;
  }

  Promise<std::unique_ptr<Transport>> Open(EventLoop&, Logger&,
                                           Metrics&) override {
    return Promise<std::unique_ptr<Transport>>::Resolve(
        std::make_unique<sim::SimTransport>(log_, "p"));
  }

  void StopLog() override { log_->SetAway(true); }
  void StartLog() override { log_->SetAway(false); }

 private:
  VirtualTime time_;
  const std::shared_ptr<sim::SimLog> log_;
};

absl::StatusOr<std::unique_ptr<Harness>> MakeSimulated(EventLoop& loop) {
  return std::make_unique<SimHarness>(loop, sim::Faults());
}

// Slow and untidy, but with every promise kept.
absl::StatusOr<std::unique_ptr<Harness>> MakeSlow(EventLoop& loop) {
  sim::Faults faults;
  faults.delay = absl::Milliseconds(20);
  faults.commit_delay = absl::Milliseconds(50);
  faults.batch = 20;
  faults.shuffle = true;
  return std::make_unique<SimHarness>(loop, faults);
}

INSTANTIATE_TEST_SUITE_P(Simulated, BusConformance,
                         testing::Values(Subject{"Simulated", MakeSimulated}));
INSTANTIATE_TEST_SUITE_P(Slow, BusConformance,
                         testing::Values(Subject{"Slow", MakeSlow}));

}  // namespace
}  // namespace millrace::bus::conformance
