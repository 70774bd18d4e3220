// What every database must do, run on SQLite and on PostgreSQL: the program
// that links the suite says how to get an empty database.
#ifndef MILLRACE_STORE_DATABASE_SUITE_H_
#define MILLRACE_STORE_DATABASE_SUITE_H_

#include <exception>
#include <functional>
#include <memory>
#include <ostream>
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

namespace millrace::store {

struct Backend {
  std::string name;
  // The URL of an empty database, which lives as long as the test; or why
  // there is none, for GTEST_SKIP.
  std::function<absl::StatusOr<std::string>()> fresh;
};

// The name of a test case must not change from run to run.
inline void PrintTo(const Backend& backend, std::ostream* out) {
  *out << backend.name;
}

inline std::string NameOf(const ::testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

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
                      public ::testing::WithParamInterface<Backend> {
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

  std::string url_;

 private:
  static Promise<void> Around(
      Database& database, const std::function<Promise<void>(Database&)>& body) {
    const absl::Status outcome = co_await Outcome(body(database));
    co_await database.Close();
    ThrowIfError(outcome);
  }
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_DATABASE_SUITE_H_
