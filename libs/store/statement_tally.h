// For tests: how often statements ran and failed, as a Database tells metrics.
#ifndef MILLRACE_STORE_STATEMENT_TALLY_H_
#define MILLRACE_STORE_STATEMENT_TALLY_H_

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"

namespace millrace::store {

class StatementTally final : public Metrics {
 public:
  Counter& AddCounter(const std::string& name, const std::string&,
                      const Labels& labels) override {
    return Of(name, labels);
  }
  Gauge& AddGauge(const std::string& name, const std::string&,
                  const Labels& labels) override {
    return Of(name, labels);
  }
  Histogram& AddHistogram(const std::string& name, const std::string&,
                          const Labels& labels,
                          const std::vector<double>&) override {
    return Of(name, labels);
  }

  int Runs(const std::string& database, const std::string& statement) {
    return Count("seconds", database, statement);
  }
  int Errors(const std::string& database, const std::string& statement) {
    return Count("errors_total", database, statement);
  }
  size_t size() const { return counts_.size(); }

 private:
  // Of calls that change it.
  struct Calls final : Counter, Gauge, Histogram {
    void Add(double) override { ++count; }
    void Set(double) override { ++count; }
    void Observe(double) override { ++count; }
    std::atomic<int> count = 0;
  };

  Calls& Of(const std::string& name, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    return counts_[{name, labels}];
  }
  int Count(const std::string& what, const std::string& database,
            const std::string& statement) {
    return Of("millrace_store_statement_" + what,
              {{"database", database}, {"statement", statement}})
        .count;
  }

  std::mutex mutex_;
  std::map<std::pair<std::string, Labels>, Calls> counts_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_STATEMENT_TALLY_H_
