// What modules' own emitters tell, by the greeter's.
#include "runtime/emitter_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/stored_span.h"
#include "events/event_emitter.h"
#include "loop/activity.h"
#include "loop/combinators.h"
#include "runtime/testdata/sample_host.h"
#include "runtime/tracing.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class EmitterReportsTest : public SampleHostTest {
 protected:
  void Greet(const std::string& name) {
    EXPECT_THAT(Http("POST", "/sample.v1.GreeterService/Greet",
                     StrCat("{\"name\":\"", name, "\"}")),
                HasSubstr("hello " + name));
  }
};

TEST_F(EmitterReportsTest, ListenersAreMeasured) {
  Start();
  Greet("Ada");
  Greet("Bob");
  EXPECT_THAT(Http("GET", "/metrics"),
              HasSubstr("millrace_events_listener_duration_seconds_count{"
                        "emitter=\"greetings\",event=\"Greeted\","
                        "listener=\"patience\"} 2\n"));
  EXPECT_EQ(logger_.Saying("a listener took longer").size(), 0u);
  EXPECT_TRUE(Drain().ok());
}

// The sample's takes 300 ms, which is more than the default budget.
TEST_F(EmitterReportsTest, OneThatTakesTooLongIsNamedOnce) {
  Start();
  Greet("patience");
  Greet("patience");
  const auto lines = logger_.Saying("a listener took longer than its budget");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].at("emitter"), "greetings");
  EXPECT_EQ(lines[0].at("event"), "Greeted");
  EXPECT_EQ(lines[0].at("listener"), "patience");
  EXPECT_EQ(lines[0].at("budget_ms"), "200");
  EXPECT_THAT(Http("GET", "/metrics"),
              HasSubstr("millrace_events_listener_overruns_total{"
                        "emitter=\"greetings\",event=\"Greeted\","
                        "listener=\"patience\"} 2\n"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(EmitterReportsTest, NothingIsTooLongWithoutABudget) {
  config_.mutable_loop()->set_budget("0s");
  Start();
  Greet("patience");
  EXPECT_EQ(logger_.Saying("a listener took longer").size(), 0u);
  EXPECT_TRUE(Drain().ok());
}

// What becomes spans, of an emitter that no host is around.
struct Steps {
  struct Went {
    using Payload = int;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "Went";
  };
  static constexpr size_t kEventCount = 1;
};
using Went = Steps::Went;

Promise<void> EmitLater(EventEmitter<Steps>& emitter) {
  co_await Delay(absl::Milliseconds(1));
  emitter.Emit<Went>(1);
}

class EmitSpansTest : public testing::Test {
 protected:
  // Calls f as a request of a trace does.
  void Request(const std::function<void()>& f) {
    const ActivityScope scope(Activity::Make({.kind = "rpc",
                                              .handler = "a.v1.A/Do",
                                              .trace_id = trace_.trace_id,
                                              .span_id = trace_.span_id,
                                              .sampled = trace_.sampled()}));
    f();
  }
  std::vector<StoredSpan> Spans() {
    std::vector<StoredSpan> spans;
    tracing_.ring().ForEach(
        [&](const Span& span) { spans.emplace_back(span); });
    return spans;
  }
  // Each as "parent > itself", in the order in which they ended.
  std::vector<std::string> Nested() {
    const std::vector<StoredSpan> spans = Spans();
    std::map<SpanId, std::string> names = {{trace_.span_id, "request"}};
    for (const StoredSpan& stored : spans) {
      const Span span = stored.span();
      EXPECT_EQ(span.trace_id, trace_.trace_id);
      EXPECT_EQ(span.name, "Went");
      const bool listens = span.kind == Span::Kind::kListen;
      EXPECT_TRUE(listens || span.kind == Span::Kind::kLocalEmit);
      names[span.span_id] = listens ? StrCat(span.source, "/", span.group)
                                    : StrCat("emit of ", span.source);
    }
    std::vector<std::string> nested;
    for (const StoredSpan& stored : spans) {
      const Span span = stored.span();
      nested.push_back(
          StrCat(names[span.parent_id], " > ", names[span.span_id]));
    }
    EXPECT_EQ(names.size(), spans.size() + 1);
    return nested;
  }

  EventLoop loop_;
  PrometheusMetrics metrics_;
  MemoryLogger logger_;
  SystemClock clock_;
  Tracing tracing_{1000, 1, nullptr};
  EmitterReports reports_{metrics_, logger_, clock_, &tracing_};
  TraceContext trace_ = TraceContext::NewRoot();
  EventEmitter<Steps> outer_{loop_, {.name = "outer", .observer = &reports_}};
  EventEmitter<Steps> inner_{loop_, {.name = "inner", .observer = &reports_}};
};

TEST_F(EmitSpansTest, EmitsOfListenersHangBelowThem) {
  outer_.On<Went>([this] { inner_.Emit<Went>(1); }, {.name = "a"});
  inner_.On<Went>([] {}, {.dispatch = Dispatch::kNextTick, .name = "b"});
  Request([this] { outer_.Emit<Went>(1); });
  loop_.Run();
  EXPECT_THAT(
      Nested(),
      ElementsAre("outer/a > emit of inner", "emit of outer > outer/a",
                  "request > emit of outer", "emit of inner > inner/b"));
}

TEST_F(EmitSpansTest, AnEmitAfterAWaitIsStillOfWhoWaited) {
  outer_.On<Went>([this] { return EmitLater(inner_); }, {.name = "a"});
  Request([this] { outer_.Emit<Went>(1); });
  loop_.Run();
  EXPECT_THAT(Nested(),
              ElementsAre("emit of outer > outer/a", "request > emit of outer",
                          "outer/a > emit of inner"));
}

TEST_F(EmitSpansTest, SaysWhatFailed) {
  outer_.On<Went>([] { Throw(absl::NotFoundError("nobody")); }, {.name = "a"});
  Request([this] { EXPECT_THROW(outer_.Emit<Went>(1), StatusError); });
  const std::vector<StoredSpan> spans = Spans();
  ASSERT_EQ(spans.size(), 2u);
  for (const StoredSpan& span : spans) {
    EXPECT_EQ(span.span().outcome, Span::Outcome::kFailed);
    EXPECT_EQ(span.span().code, absl::StatusCode::kNotFound);
    EXPECT_EQ(span.span().error, "nobody");
  }
}

TEST_F(EmitSpansTest, AreSampledAsTheirTraceIs) {
  outer_.On<Went>([] {});
  Request([this] { outer_.Emit<Went>(1); });
  trace_.flags = 0;
  Request([this] { outer_.Emit<Went>(1); });
  std::vector<bool> sampled;
  for (const StoredSpan& span : Spans()) sampled.push_back(span.span().sampled);
  EXPECT_THAT(sampled, ElementsAre(true, true, false, false));
}

TEST_F(EmitSpansTest, WhatIsOfNoTraceIsNoSpan) {
  outer_.On<Went>([this] { inner_.Emit<Went>(1); });
  outer_.Emit<Went>(1);
  trace_ = {};
  Request([this] { outer_.Emit<Went>(1); });
  EXPECT_EQ(tracing_.ring().recorded(), 0u);
}

TEST_F(EmitSpansTest, AListenerOnAWorkerIsNone) {
  outer_.On<Went>([] {}, {.dispatch = Dispatch::kWorker, .name = "a"});
  Request([this] { outer_.Emit<Went>(1); });
  loop_.Run();
  EXPECT_THAT(Nested(), ElementsAre("request > emit of outer"));
}

// Else one request would push all others out of the ring.
TEST_F(EmitSpansTest, ARequestHasSoManyAndEachRequestAnew) {
  outer_.On<Went>([] {}, {.name = "a"});
  int heard = 0;
  inner_.On<Went>([&heard] { ++heard; }, {.name = "b"});
  const auto emit_in_a_loop = [this] {
    for (int i = 0; i < 1000; ++i) outer_.Emit<Went>(1);
    inner_.Emit<Went>(1);
  };
  Request(emit_in_a_loop);
  EXPECT_EQ(tracing_.ring().recorded(), uint64_t{EmitterReports::kSpansOfOne});
  Request(emit_in_a_loop);
  EXPECT_EQ(tracing_.ring().recorded(),
            2 * uint64_t{EmitterReports::kSpansOfOne});
  EXPECT_EQ(heard, 2);
}

// Each of its emits is one of a listener of its own.
TEST_F(EmitSpansTest, ARequestThatCausesItselfHasSoManyToo) {
  int left = 1000;
  outer_.On<Went>(
      [&] {
        if (--left > 0) outer_.Emit<Went>(1);
      },
      {.dispatch = Dispatch::kNextTick});
  Request([this] { outer_.Emit<Went>(1); });
  loop_.Run();
  EXPECT_EQ(left, 0);
  EXPECT_EQ(tracing_.ring().recorded(), uint64_t{EmitterReports::kSpansOfOne});
}

TEST_F(EmitSpansTest, AListenerThatIsBusyIsNamed) {
  std::string kind, handler, event;
  outer_.On<Went>(
      [&] {
        const Activity* activity = Activity::Current();
        kind = activity->kind();
        handler = activity->handler();
        event = activity->event();
      },
      {.name = "a"});
  Request([this] { outer_.Emit<Went>(1); });
  EXPECT_EQ(kind, "listener");
  EXPECT_EQ(handler, "outer/a");
  EXPECT_EQ(event, "Went");
}

}  // namespace
}  // namespace millrace::runtime
