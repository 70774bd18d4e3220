// Listeners that are called later, elsewhere, or are measured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "events/listener_metrics.h"
#include "events/test_support.h"

namespace millrace::events_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DispatchTest : public testing::Test {
 protected:
  DispatchTest() {
    loop_.OnUncaught([this](std::exception_ptr e) {
      trace_.push_back("uncaught " + TextOf(e));
    });
    loop_.OnUnhandledRejection([this](std::exception_ptr e) {
      trace_.push_back("unhandled " + TextOf(e));
    });
  }
  auto Log(std::string text) {
    return [this, text] { trace_.push_back(text); };
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

TEST_F(DispatchTest, KeepsTheOrderOfEmitsInEachQueue) {
  Emitter emitter(loop_);
  const auto log = [this](const char* name) {
    return [this, name](const int& n) { trace_.push_back(StrCat(name, n)); };
  };
  emitter.On<Foo>(log("immediate"), {.dispatch = Dispatch::kImmediate});
  emitter.On<Foo>(log("tick"), {.dispatch = Dispatch::kNextTick});
  emitter.On<Foo>(log("sync"));
  emitter.Emit<Foo>(1);
  emitter.Emit<Foo>(2);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("sync1", "sync2", "tick1", "tick2",
                                  "immediate1", "immediate2"));
}

TEST_F(DispatchTest, OnceIsTakenByTheEmitNotByTheCall) {
  Emitter emitter(loop_);
  emitter.Once<Foo>(Log("once"), {.dispatch = Dispatch::kNextTick});
  EXPECT_TRUE(emitter.Emit<Foo>(1));
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);
  EXPECT_FALSE(emitter.Emit<Foo>(2));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("once"));
}

TEST_F(DispatchTest, OffDoesNotTakeBackACallButASignalDoes) {
  Emitter emitter(loop_);
  AbortController controller;
  const auto kept =
      emitter.On<Foo>(Log("kept"), {.dispatch = Dispatch::kNextTick});
  for (Dispatch how : {Dispatch::kNextTick, Dispatch::kImmediate}) {
    emitter.On<Foo>(Log("dropped"),
                    {.dispatch = how, .signal = controller.signal()});
  }
  emitter.Emit<Foo>(1);
  EXPECT_TRUE(emitter.Off<Foo>(kept));
  controller.Abort();
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("kept"));
}

TEST_F(DispatchTest, TheEndOfTheEmitterDropsCallsThatHaveNotBegun) {
  auto emitter = std::make_unique<Emitter>(loop_);
  for (Dispatch how : {Dispatch::kNextTick, Dispatch::kImmediate}) {
    emitter->On<Foo>(Log("dropped"), {.dispatch = how});
  }
  std::atomic<int> worked = 0;
  std::atomic<bool> go = false;
  emitter->On<Foo>([&] { ++worked; }, {.dispatch = Dispatch::kWorker});
  // All threads of the pool are busy until the emitter is gone.
  std::vector<Promise<void>> busy;
  for (int i = 0; i < loop_.workers().threads(); ++i) {
    busy.push_back(loop_.workers().Run([&] {
      while (!go) std::this_thread::yield();
    }));
  }
  emitter->Emit<Foo>(1);
  emitter.reset();
  go = true;
  loop_.Run();
  EXPECT_THAT(trace_, IsEmpty());
  EXPECT_EQ(worked, 0);
}

TEST_F(DispatchTest, EachCallHasItsOwnCopyOfThePayload) {
  Emitter emitter(loop_);
  std::vector<const std::string*> seen;
  const auto look = [&](const std::string& text) {
    seen.push_back(&text);
    trace_.push_back(text);
  };
  emitter.On<Bar>(look, {.dispatch = Dispatch::kNextTick});
  emitter.On<Bar>(look, {.dispatch = Dispatch::kNextTick});
  {
    std::string payload = "before";
    emitter.Emit<Bar>(payload);
    payload = "after";
  }
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("before", "before"));
  EXPECT_NE(seen[0], seen[1]);
}

TEST_F(DispatchTest, WhatALaterListenerThrowsIsUncaughtAndTheRestRuns) {
  Emitter emitter(loop_);
  for (Dispatch how : {Dispatch::kNextTick, Dispatch::kImmediate}) {
    emitter.On<Foo>([] { throw std::runtime_error("broken"); },
                    {.dispatch = how});
    emitter.On<Foo>(Log("next"), {.dispatch = how});
  }
  emitter.Emit<Foo>(1);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught broken", "next", "uncaught broken",
                                  "next"));
}

TEST_F(DispatchTest, WhatAWorkerThrowsIsUnhandledOrCaptured) {
  const auto fail = [] { throw std::runtime_error("broken"); };
  Emitter emitter(loop_);
  emitter.On<Foo>(fail, {.dispatch = Dispatch::kWorker});
  emitter.Emit<Foo>(1);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled broken"));
  trace_.clear();
  Emitter capturing(loop_, {.capture_rejections = true});
  capturing.On<Foo>(fail, {.dispatch = Dispatch::kWorker});
  capturing.On<ErrorEvent>([this](const std::exception_ptr& e) {
    trace_.push_back("captured " + TextOf(e));
  });
  capturing.Emit<Foo>(1);
  loop_.Run();
  capturing.OnRejection([this](std::exception_ptr e, std::string_view event) {
    trace_.push_back(StrCat(event, " rejected ", TextOf(e)));
  });
  capturing.Emit<Foo>(1);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("captured broken", "foo rejected broken"));
}

TEST_F(DispatchTest, RefusesWhatCannotBeDispatched) {
  Emitter emitter(loop_);
  EXPECT_THROW(emitter.On<Foo>([] { return Promise<void>::Resolve(); },
                               {.dispatch = Dispatch::kWorker}),
               StatusError);
  EXPECT_THROW(emitter.On<Box>([] {}, {.dispatch = Dispatch::kNextTick}),
               StatusError);
  EXPECT_THAT(emitter.EventNames(), IsEmpty());
  // Without a copy a payload is whatever it likes.
  emitter.On<Box>([this](const std::unique_ptr<int>& box) {
    trace_.push_back(StrCat(*box));
  });
  emitter.Emit<Box>(std::make_unique<int>(3));
  EXPECT_THAT(trace_, ElementsAre("3"));
}

TEST_F(DispatchTest, RawListenersCanBeCalledByThemselves) {
  Emitter emitter(loop_);
  emitter.Once<Foo>([this](const int& n) { trace_.push_back(StrCat(n)); });
  const auto raw = emitter.RawListeners<Foo>();
  raw[0].original()(1);
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 1u);
  raw[0](2);
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);
  raw[0](3);
  EXPECT_THAT(trace_, ElementsAre("1", "2"));
}

TEST_F(DispatchTest, TheEmitterMayBeDestroyedByWhoeverIsTold) {
  auto emitter = std::make_unique<Emitter>(loop_);
  emitter->On<ErrorMonitor>([&] { emitter.reset(); });
  emitter->On<ErrorEvent>(Log("never"));
  EXPECT_THROW(emitter->Emit<ErrorEvent>(ErrorOf("e")), std::runtime_error);
  emitter = std::make_unique<Emitter>(loop_);
  emitter->On<NewListener>([&] { emitter.reset(); });
  emitter->On<Foo>(Log("never"));
  EXPECT_EQ(emitter, nullptr);
  emitter = std::make_unique<Emitter>(loop_);
  emitter->On<Foo>([] {});
  emitter->On<Foo>([] {});
  emitter->On<RemoveListener>([&] { emitter.reset(); });
  emitter->RemoveAllListeners();
  EXPECT_EQ(emitter, nullptr);
  EXPECT_THAT(trace_, IsEmpty());
}

// Keeps what the probes are told, in words.
class Recorder final : public EmitterObserver {
 public:
  std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) override {
    if (info.listener == "unwatched") return nullptr;
    return std::make_unique<Probe>(
        StrCat(info.emitter, "/", info.event, "/", info.listener), lines);
  }

  std::vector<std::string> lines;

 private:
  struct Probe final : ListenerProbe {
    Probe(std::string n, std::vector<std::string>& l)
        : name(std::move(n)), lines(l) {}
    void OnListenerDone(absl::Duration took) override {
      EXPECT_GE(took, absl::ZeroDuration());
      lines.push_back(name);
    }
    void OnOverBudget(absl::Duration took) override {
      EXPECT_GE(took, absl::Milliseconds(1));
      lines.push_back("over " + name);
    }
    const std::string name;
    std::vector<std::string>& lines;
  };
};

void SpinOneMillisecond() {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
  while (std::chrono::steady_clock::now() < until) {
  }
}

TEST_F(DispatchTest, AnObserverIsToldOfEachCallAndOfBudgets) {
  Recorder recorder;
  Emitter emitter(loop_, {.observer = &recorder, .budget = absl::Hours(1)});
  const auto slow = emitter.On<Foo>(
      SpinOneMillisecond, {.name = "slow", .budget = absl::Microseconds(1)});
  emitter.On<Foo>([] {}, {.name = "fast"});
  emitter.On<Foo>([] {}, {.name = "unwatched"});
  emitter.Once<Foo>([] { throw std::runtime_error("x"); });
  EXPECT_THROW(emitter.Emit<Foo>(1), std::runtime_error);
  EXPECT_THAT(recorder.lines,
              ElementsAre("letters/foo/slow", "over letters/foo/slow",
                          "letters/foo/fast", "letters/foo/unnamed"));
  // It is the same listener to everybody else.
  EXPECT_EQ(emitter.Listeners<Foo>()[0], slow);
  EXPECT_TRUE(emitter.Off<Foo>(slow));

  recorder.lines.clear();
  emitter.RemoveAllListeners();
  emitter.On<Foo>([] {}, {.dispatch = Dispatch::kImmediate, .name = "later"});
  emitter.Emit<Foo>(1);
  EXPECT_THAT(recorder.lines, IsEmpty());
  loop_.Run();
  EXPECT_THAT(recorder.lines, ElementsAre("letters/foo/later"));
}

TEST_F(DispatchTest, TheEmittersBudgetHoldsForListenersWithoutOne) {
  Recorder recorder;
  Emitter emitter(
      loop_,
      {.name = "mine", .observer = &recorder, .budget = absl::Microseconds(1)});
  emitter.On<Foo>(SpinOneMillisecond, {.budget = absl::Hours(1)});
  emitter.On<Foo>(SpinOneMillisecond, {.name = "over"});
  emitter.Emit<Foo>(1);
  EXPECT_THAT(recorder.lines, ElementsAre("mine/foo/unnamed", "mine/foo/over",
                                          "over mine/foo/over"));
}

// Metrics that count.
class FakeMetrics final : public Metrics {
 public:
  Counter& AddCounter(const std::string& name, const std::string&,
                      const Labels& labels) override {
    return metrics[Key(name, labels)];
  }
  Gauge& AddGauge(const std::string&, const std::string&,
                  const Labels&) override {
    ADD_FAILURE() << "no gauge is expected";
    return gauge_;
  }
  Histogram& AddHistogram(const std::string& name, const std::string&,
                          const Labels& labels,
                          const std::vector<double>& buckets) override {
    EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
    return metrics[Key(name, labels)];
  }

  struct Metric final : Counter, Histogram {
    void Add(double by) override { total += by; }
    void Observe(double value) override {
      EXPECT_GE(value, 0);
      total += 1;
    }
    std::atomic<int> total = 0;
  };
  std::map<std::string, Metric> metrics;

 private:
  struct NoGauge final : Gauge {
    void Set(double) override {}
    void Add(double) override {}
  };
  static std::string Key(std::string name, const Labels& labels) {
    for (const auto& [label, value] : labels) StrAppend(&name, " ", value);
    return name;
  }

  NoGauge gauge_;
};

TEST_F(DispatchTest, ListenerMetricsFillAHistogramForEachListener) {
  FakeMetrics metrics;
  ListenerMetrics observer(metrics);
  Emitter emitter(loop_, {.observer = &observer});
  emitter.On<Foo>(SpinOneMillisecond,
                  {.name = "spin", .budget = absl::Microseconds(1)});
  emitter.On<Foo>([] {}, {.name = "worker"});
  emitter.On<Foo>([] {}, {.dispatch = Dispatch::kWorker, .name = "worker"});
  for (int i = 0; i < 3; ++i) emitter.Emit<Foo>(i);
  loop_.Run();
  const std::string durations = "millrace_events_listener_duration_seconds";
  const std::string overruns = "millrace_events_listener_overruns_total";
  EXPECT_EQ(metrics.metrics[durations + " letters foo spin"].total, 3);
  EXPECT_EQ(metrics.metrics[overruns + " letters foo spin"].total, 3);
  EXPECT_EQ(metrics.metrics[durations + " letters foo worker"].total, 6);
  EXPECT_EQ(metrics.metrics[overruns + " letters foo worker"].total, 0);
}

}  // namespace
}  // namespace millrace::events_test
