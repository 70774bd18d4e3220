// The embedded transport in the conformance suite.

#include <stdlib.h>

#include <filesystem>

#include "base/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/local/local_transport.h"
#include "store/database.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

// A log in a file; each transport opens its own database on it.
class LocalHarness final : public Harness {
 public:
  LocalHarness() {
    std::string pattern = testing::TempDir() + "/millrace-bus-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~LocalHarness() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  Features features() const override { return {}; }

  Promise<std::unique_ptr<Transport>> Open(EventLoop& loop, Logger& logger,
                                           Metrics& metrics) override {
    return OpenIt(*this, loop, logger, metrics);
  }

  Promise<void> Close() override {
    return database_ ? database_->Close() : Promise<void>::Resolve();
  }

 private:
  static Promise<std::unique_ptr<Transport>> OpenIt(LocalHarness& self,
                                                    EventLoop& loop,
                                                    Logger& logger,
                                                    Metrics& metrics) {
    if (self.database_) co_await self.database_->Close();
    store::DatabaseOptions options;
    options.url = StrCat("sqlite://", self.directory_, "/bus.db");
    self.database_ =
        ValueOrThrow(store::Database::Open(loop, options, logger, metrics));
    std::unique_ptr<Transport> transport = co_await local::LocalTransport::Open(
        loop, *self.database_, self.clock_, logger, metrics);
    co_return transport;
  }

  std::string directory_;
  const SystemClock clock_;
  std::unique_ptr<store::Database> database_;
};

absl::StatusOr<std::unique_ptr<Harness>> MakeLocal(EventLoop&) {
  return std::make_unique<LocalHarness>();
}

INSTANTIATE_TEST_SUITE_P(Local, BusConformance,
                         testing::Values(Subject{"Local", MakeLocal}));

}  // namespace
}  // namespace millrace::bus::conformance
