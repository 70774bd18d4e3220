#include "runtime/worker_stats.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

// Remembers what was set.
class FakeMetrics final : public Metrics {
 public:
  class Value final : public Counter, public Gauge {
   public:
    void Add(double by) override { value += by; }
    void Set(double to) override { value = to; }
    double value = 0;
  };

  Counter& AddCounter(const std::string& name, const std::string&,
                      const Labels& labels) override {
    return Find(name, labels);
  }
  Gauge& AddGauge(const std::string& name, const std::string&,
                  const Labels& labels) override {
    return Find(name, labels);
  }
  Histogram& AddHistogram(const std::string& name, const std::string& help,
                          const Labels& labels,
                          const std::vector<double>& buckets) override {
    return none_.AddHistogram(name, help, labels, buckets);
  }

  double operator[](const std::string& name) { return values_.at(name).value; }

 private:
  Value& Find(const std::string& name, const Labels& labels) {
    EXPECT_EQ(labels.at("loop"), "main");
    const auto quantile = labels.find("quantile");
    return values_[quantile == labels.end()
                       ? name
                       : StrCat(name, " ", quantile->second)];
  }

  std::map<std::string, Value> values_;
  NullMetrics none_;
};

TEST(WorkerStatsTest, TellsOfThePeriodAndOfAll) {
  EventLoop loop;
  WorkerPool pool({.threads = 1});
  FakeMetrics metrics;
  WorkerStats stats(loop, "main", pool, metrics);
  const auto work = [&](int jobs) {
    for (int i = 0; i < jobs; ++i) {
      static_cast<void>(pool.Run(
          [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }));
    }
    loop.Run();  // the timer of the stats does not keep it
    stats.Update();
  };
  work(3);
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 3);
  EXPECT_GE(metrics["millrace_loop_worker_run_seconds 0.5"], 0.005);
  EXPECT_GE(metrics["millrace_loop_worker_run_seconds 1"],
            metrics["millrace_loop_worker_run_seconds 0.99"]);
  EXPECT_GE(metrics["millrace_loop_worker_wait_seconds 1"], 0.010);
  const double total = metrics["millrace_loop_worker_run_seconds_total"];
  EXPECT_GE(total, 0.015);

  stats.Update();  // a period without a job
  EXPECT_EQ(metrics["millrace_loop_worker_run_seconds 1"], 0);
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 3);
  EXPECT_EQ(metrics["millrace_loop_worker_run_seconds_total"], total);

  work(1);
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 4);
  EXPECT_GT(metrics["millrace_loop_worker_run_seconds_total"], total);
  EXPECT_EQ(metrics["millrace_loop_worker_queued_jobs"], 0);
}

TEST(WorkerStatsTest, PeriodsEndByThemselves) {
  EventLoop loop;
  WorkerPool pool({.threads = 1});
  FakeMetrics metrics;
  WorkerStats stats(loop, "main", pool, metrics, absl::Milliseconds(1));
  static_cast<void>(pool.Run([] {}));
  const Timer wait = loop.SetInterval(absl::Milliseconds(1), [&] {
    if (metrics["millrace_loop_worker_jobs_total"] == 1) loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 1);
}

}  // namespace
}  // namespace millrace::runtime
