#include "runtime/loop_metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "loop/worker_pool.h"

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

  bool has(const std::string& name) const { return values_.contains(name); }
  double operator[](const std::string& name) { return values_.at(name).value; }

 private:
  Value& Find(const std::string& name, const Labels& labels) {
    EXPECT_EQ(labels.at("loop"), "main");
    return values_[name];
  }

  std::map<std::string, Value> values_;
  NullMetrics none_;
};

TEST(LoopMetricsTest, TellsOfThePoolOnceItIsUsed) {
  EventLoop loop;
  FakeMetrics metrics;
  LoopMetrics loop_metrics(loop, "main", metrics);
  loop_metrics.Update();
  EXPECT_EQ(loop.used_workers(), nullptr) << "to look made four threads";
  EXPECT_FALSE(metrics.has("millrace_loop_worker_jobs_total"));

  const auto work = [&](int jobs) {
    for (int i = 0; i < jobs; ++i) {
      static_cast<void>(loop.workers().Run(
          [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }));
    }
    loop.Run();
    loop_metrics.Update();
  };
  work(6);  // on four threads
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 6);
  EXPECT_GE(metrics["millrace_loop_worker_run_p50_seconds"], 0.005);
  EXPECT_GE(metrics["millrace_loop_worker_run_max_seconds"],
            metrics["millrace_loop_worker_run_p50_seconds"]);
  EXPECT_GE(metrics["millrace_loop_worker_wait_max_seconds"], 0.0045);
  const double total = metrics["millrace_loop_worker_run_seconds_total"];
  EXPECT_GE(total, 0.030);

  loop_metrics.Update();  // nothing new
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 6);
  EXPECT_EQ(metrics["millrace_loop_worker_run_seconds_total"], total);
  EXPECT_GE(metrics["millrace_loop_worker_run_p50_seconds"], 0.005)
      << "the window has not ended";

  work(1);
  EXPECT_EQ(metrics["millrace_loop_worker_jobs_total"], 7);
  EXPECT_GT(metrics["millrace_loop_worker_run_seconds_total"], total);
  EXPECT_EQ(metrics["millrace_loop_worker_queued_jobs"], 0);
}

}  // namespace
}  // namespace millrace::runtime
