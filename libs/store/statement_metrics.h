// How long the statements of a database take, by name, and how many fail.
//
// A name is made of the statement's text, which has no values in it: what it
// does, to which table, and by which columns it finds its rows ("SELECT people
// by email"). Statements that differ in more than that share one.
// There are at most kMostNames to a database; what is beyond them is "other".
#ifndef MILLRACE_STORE_STATEMENT_METRICS_H_
#define MILLRACE_STORE_STATEMENT_METRICS_H_

#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <string>

#include "base/metrics.h"
#include "store/statement_text.h"

namespace millrace::store {

std::string StatementName(const StatementText& text);

// Of one name. Any thread.
struct StatementMeter {
  Histogram& seconds;
  Counter& errors;
};

// Shared by the sessions of a database. Any thread.
class StatementMetrics {
 public:
  static constexpr size_t kMostNames = 200;

  StatementMetrics(Metrics& metrics, std::string database);

  // Lives as long as this. To be asked once for each statement that is
  // prepared, not for each run.
  const StatementMeter& Of(const StatementText& text);

 private:
  Metrics& metrics_;
  const std::string database_;
  std::mutex mutex_;
  std::map<std::string, StatementMeter> meters_;
};

// One run of a statement, which ends with its scope: as a failure when an
// exception leaves it. Allocates nothing.
class MeteredRun {
 public:
  explicit MeteredRun(const StatementMeter& meter) : meter_(meter) {}
  ~MeteredRun() {
    const std::chrono::duration<double> taken = Clock::now() - start_;
    meter_.seconds.Observe(taken.count());
    if (std::uncaught_exceptions() > exceptions_) meter_.errors.Add();
  }
  MeteredRun(const MeteredRun&) = delete;
  MeteredRun& operator=(const MeteredRun&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  const StatementMeter& meter_;
  const int exceptions_ = std::uncaught_exceptions();
  const Clock::time_point start_ = Clock::now();
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_STATEMENT_METRICS_H_
