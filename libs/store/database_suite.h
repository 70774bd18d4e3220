// What every database must do, run on SQLite and on PostgreSQL: the program
// that links the suite says how to get an empty database.
#ifndef MILLRACE_STORE_DATABASE_SUITE_H_
#define MILLRACE_STORE_DATABASE_SUITE_H_

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/database.h"
#include "tests/support/database_backend.h"

namespace millrace::store {

// How a promise ends, without throwing.
template <typename T>
Promise<absl::Status> Outcome(Promise<T> promise) {
  try {
    co_await std::move(promise);
  } catch (...) {
    co_return StatusFrom(std::current_exception());
  }
  co_return absl::OkStatus();
}

// Promises whose rejection is handled from the start: to be awaited later.
using Outcomes = std::vector<Promise<absl::Status>>;

class DatabaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open(const std::string& url,
                                 DatabaseOptions options = {}) {
    options.url = url;
    auto database = Database::Open(loop_, options, logger_, metrics_);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  // Runs the loop until the promise settles and nothing else is left.
  absl::Status Settle(Promise<void> promise) {
    const Promise<absl::Status> outcome = Outcome(std::move(promise));
    loop_.Run();
    if (!outcome.settled()) return absl::UnknownError("never settled");
    return outcome.value();
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
};

// The suite proper.
class DatabaseSuite : public DatabaseTest,
                      public ::testing::WithParamInterface<testing::Backend> {
 protected:
  void SetUp() override {
    auto url = GetParam().fresh();
    if (!url.ok()) GTEST_SKIP() << url.status().message();
    url_ = *url;
  }

  // Opens the empty database, runs the coroutine on it, closes it.
  void On(const std::function<Promise<void>(Database&)>& body,
          DatabaseOptions options = {}) {
    const auto database = Open(url_, options);
    EXPECT_EQ(Settle(Around(*database, body)), absl::OkStatus());
  }

  // Closes it, whatever the coroutine does.
  static Promise<void> Around(
      Database& database, const std::function<Promise<void>(Database&)>& body) {
    const absl::Status outcome = co_await Outcome(body(database));
    co_await database.Close();
    ThrowIfError(outcome);
  }

  std::string url_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_DATABASE_SUITE_H_
