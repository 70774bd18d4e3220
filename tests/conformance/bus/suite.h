// What every transport of the bus must do: one suite, instantiated once per
// transport.
//
//   INSTANTIATE_TEST_SUITE_P(Local, BusConformance,
//   testing::Values(MakeLocal));
//
// A test program links millrace_bus_conformance and says how to get an empty
// log and transports on it. The cases are numbered as in the list of the bus.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SUITE_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SUITE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "tests/conformance/bus/support.h"

namespace millrace::bus::conformance {

// What the transport under test can do, and how much of it is sensible.
struct Features {
  // The log can be stopped and started again while a transport is open.
  bool restart = false;
  // Transports of several processes may be open on one log at once.
  bool several = false;
  int many_members = 50;  // of one group
  int many_topics = 20;
  int many_records = 10'000;  // published side by side
  // How long something that must happen may take, on a slow machine.
  absl::Duration patience = absl::Seconds(60);
};

// One log, empty at first, for one test.
class Harness {
 public:
  virtual ~Harness() = default;
  virtual Features features() const = 0;
  // A transport on the log; unless `several`, after the last one was closed
  // and destroyed.
  virtual Promise<std::unique_ptr<Transport>> Open(EventLoop& loop,
                                                   Logger& logger,
                                                   Metrics& metrics) = 0;
  // For `restart`. Block until it is done.
  virtual void StopLog() {}
  virtual void StartLog() {}
  // Called when the test is over and its transports are gone.
  virtual Promise<void> Close() { return Promise<void>::Resolve(); }
};

struct Subject {
  std::string name;
  // A status, UNAVAILABLE with the reason, skips the test.
  std::function<absl::StatusOr<std::unique_ptr<Harness>>(EventLoop&)> make;

  friend void PrintTo(const Subject& subject, std::ostream* out) {
    *out << subject.name;
  }
};

class BusConformance : public testing::TestWithParam<Subject> {
 public:
  // For the cases, which are coroutines.
  EventLoop& loop() { return loop_; }
  Harness& harness() { return *harness_; }
  Features features() { return harness_->features(); }
  Transport& transport() { return *transport_; }
  Metrics& metrics() { return metrics_; }
  Logger& logger() { return logger_; }

  // Closes the transport and opens another one on the same log.
  static Promise<void> Reopen(BusConformance& test);
  static Promise<void> CloseTransport(BusConformance& test);

  // A bus on the transport; drained at the end of the test, if not before.
  Bus& NewBus(BusOptions options = {});

  // Something that listeners use: lives until the buses are gone.
  template <typename T, typename... Args>
  T& Keep(Args&&... args) {
    auto kept = std::make_shared<T>(std::forward<Args>(args)...);
    kept_.push_back(kept);
    return *kept;
  }

  // Resolves once `done` is true; fails the test, and rejects, when that takes
  // longer than the patience.
  Promise<void> Until(std::function<bool()> done, std::string what);

  // A contract whose topic is this test's own, made now.
  static Promise<std::shared_ptr<TestContract>> NewContract(
      BusConformance& test, int partitions, RetryPolicy retry = QuickRetry());
  std::string UniqueName(std::string_view stem);

 protected:
  bool harness_ok() const { return harness_ != nullptr; }
  void SetUp() override;
  void TearDown() override;
  using Case = Promise<void> (*)(BusConformance& test);
  // Opens the log, runs the case on the loop, closes everything.
  void Run(Case test_case);

 private:
  static Promise<void> Around(BusConformance& test, Case test_case);
  static Promise<void> UntilDone(BusConformance& test,
                                 std::function<bool()> done, std::string what);

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  std::unique_ptr<Harness> harness_;
  std::unique_ptr<Transport> transport_;
  std::vector<std::unique_ptr<Bus>> buses_;
  std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace millrace::bus::conformance

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SUITE_H_
