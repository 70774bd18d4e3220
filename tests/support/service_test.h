// Fixtures for a service's handlers: a loop, a database with the service's
// schema, and an outbox that nobody empties.
#ifndef MILLRACE_TESTS_SUPPORT_SERVICE_TEST_H_
#define MILLRACE_TESTS_SUPPORT_SERVICE_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "contract/event.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "store/database.h"
#include "tests/support/database_backend.h"

namespace millrace::testing {

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest(const std::string& service,
              std::vector<store::Migration> migrations,
              const std::string& url = "sqlite::memory:",
              store::StatementListener listener = {})
      : database_(*store::Database::Open(
            loop_, {.url = url, .on_statement = std::move(listener)}, logger_,
            metrics_)),
        outbox_(*database_, "/" + service) {
    Check(database_->Migrate(service, std::move(migrations)));
    Check(database_->Migrate(bus::kOutboxModule, bus::Outbox::Migrations()));
    Check(database_->Migrate(bus::kInboxModule, bus::Inbox::Migrations()));
  }

  // Runs the loop until the promise has settled; its outcome, a Status or a
  // StatusOr.
  template <typename T>
  auto Await(Promise<T> promise) {
    using Outcome =
        std::conditional_t<std::is_void_v<T>, absl::Status, absl::StatusOr<T>>;
    std::optional<Outcome> outcome;
    const auto done = AsStatusOr(std::move(promise)).Then([&](Outcome result) {
      outcome.emplace(std::move(result));
      loop_.Stop();
    });
    while (!outcome) loop_.Run();
    return *std::move(outcome);
  }

  // The names of the events of `contract` that wait to be published, in their
  // order.
  std::vector<std::string> Emitted(const ContractInfo& contract) {
    return *Await(database_->Read([&contract](store::Tx& tx) {
      std::vector<std::string> names;
      for (const store::Row& row :
           tx.Query("SELECT headers FROM millrace_outbox ORDER BY id")) {
        for (const ContractInfo* one : DeclaringContracts(contract)) {
          for (const EventInfo& event : one->events) {
            if (row.Bytes("headers").find(event.type) != std::string::npos) {
              names.emplace_back(event.name);
            }
          }
        }
      }
      return names;
    }));
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  FakeClock clock_;
  Call call_;
  std::unique_ptr<store::Database> database_;
  bus::Outbox outbox_;

 private:
  void Check(Promise<void> promise) {
    const absl::Status status = Await(std::move(promise));
    EXPECT_TRUE(status.ok()) << status;
  }
};

// The same on each database of a suite.
class ServiceSuite : public ServiceTest,
                     public ::testing::WithParamInterface<Backend> {
 protected:
  ServiceSuite(const std::string& service,
               std::vector<store::Migration> migrations,
               store::StatementListener listener = {})
      : ServiceSuite(service, std::move(migrations), GetParam().fresh(),
                     std::move(listener)) {}

  void SetUp() override {
    if (!missing_.ok()) GTEST_SKIP() << missing_.message();
  }
  void TearDown() override {
    EXPECT_EQ(Await(database_->Close()), absl::OkStatus());
  }

 private:
  ServiceSuite(const std::string& service,
               std::vector<store::Migration> migrations,
               const absl::StatusOr<std::string>& url,
               store::StatementListener listener)
      : ServiceTest(service, std::move(migrations),
                    url.ok() ? *url : "sqlite::memory:", std::move(listener)),
        missing_(url.status()) {}

  const absl::Status missing_;  // why there is no database
};

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_SERVICE_TEST_H_
