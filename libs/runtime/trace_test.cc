// How spans nest from a request over the outbox and the bus to the listeners.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "contract/json.h"
#include "millrace/v1/trace.pb.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kCaller[] = "00f067aa0ba902b7";

class TraceTest : public SampleHostTest {
 protected:
  void TearDown() override {
    if (host_ != nullptr) {
      EXPECT_TRUE(Drain().ok());
    }
  }

  std::string Post(const std::string& path, const std::string& body) {
    return Http("POST", path, body,
                StrCat("traceparent: 00-", kTraceId, "-", kCaller,
                       "-01\r\nbaggage: tenant=7\r\n"));
  }

  v1::GetTraceResponse Trace(const std::string& id) {
    // Of a trace of its own, as a person asks.
    const std::string text =
        Http("POST", "/millrace.v1.TraceService/GetTrace",
             StrCat(R"({"id":")", id, R"(","topics":true})"));
    v1::GetTraceResponse response;
    const size_t body = text.find("\r\n\r\n");
    EXPECT_NE(body, text.npos);
    const absl::Status read = FromJson(text.substr(body + 4), &response);
    EXPECT_TRUE(read.ok()) << read << text;
    return response;
  }

  // Null when there is none.
  static const v1::Span* Find(const v1::GetTraceResponse& trace,
                              v1::Span::Kind kind) {
    for (const v1::Span& span : trace.spans()) {
      if (span.kind() == kind) return &span;
    }
    return nullptr;
  }

  // Asks until the trace has so many spans.
  v1::GetTraceResponse TraceWith(int spans) {
    for (;;) {
      v1::GetTraceResponse trace = Trace(kTraceId);
      if (trace.spans_size() >= spans) return trace;
    }
  }
};

TEST_F(TraceTest, ARequestHasItsEmitAndThatItsHandler) {
  Start();
  EXPECT_THAT(Post("/sample.v1.ChoirService/Sing", R"({"name":"Ada"})"),
              HasSubstr("la hello Ada"));
  const v1::GetTraceResponse trace = TraceWith(5);
  ASSERT_EQ(trace.spans_size(), 5);
  const v1::Span* request = Find(trace, v1::Span::KIND_REQUEST);
  const v1::Span* emit = Find(trace, v1::Span::KIND_EMIT);
  const v1::Span* handle = Find(trace, v1::Span::KIND_HANDLE);
  ASSERT_TRUE(request && emit && handle);
  EXPECT_EQ(request->parent_id(), kCaller);
  EXPECT_EQ(request->name(), "sample.v1.ChoirService/Sing");
  EXPECT_EQ(request->source(), "http");
  EXPECT_EQ(emit->parent_id(), request->span_id());
  EXPECT_EQ(emit->name(), "sample.v1.GreeterEvents.Greeted");
  EXPECT_EQ(emit->source(), "/greeter");
  EXPECT_EQ(emit->key(), "hello Ada");
  EXPECT_EQ(handle->parent_id(), emit->span_id());
  EXPECT_EQ(handle->group(), "choir.heard");
  EXPECT_EQ(handle->event_id(), emit->event_id());
  EXPECT_EQ(handle->outcome(), v1::Span::OUTCOME_DONE);
  EXPECT_EQ(handle->attempt(), 1);
  ASSERT_EQ(trace.events_size(), 1);
  EXPECT_EQ(trace.events(0).id(), emit->event_id());
  EXPECT_EQ(trace.events(0).traceparent(),
            StrCat("00-", kTraceId, "-", emit->span_id(), "-01"));
  EXPECT_EQ(trace.events(0).extensions().at("baggage"), "tenant=7");
  EXPECT_FALSE(trace.truncated());
  EXPECT_THAT(trace.services(), ElementsAre("greeter", "choir"));

  // The event leads to the trace as well.
  EXPECT_EQ(Trace(emit->event_id()).trace_id(), kTraceId);
}

TEST_F(TraceTest, ARequestHasWhatItsEmittersEmitAndThatWhoHeardIt) {
  Start();
  Post("/sample.v1.GreeterService/Greet", R"({"name":"Ada"})");
  const v1::GetTraceResponse trace = TraceWith(5);
  const v1::Span* request = Find(trace, v1::Span::KIND_REQUEST);
  const v1::Span* emit = Find(trace, v1::Span::KIND_LOCAL_EMIT);
  const v1::Span* listen = Find(trace, v1::Span::KIND_LISTEN);
  ASSERT_TRUE(request && emit && listen);
  EXPECT_EQ(emit->parent_id(), request->span_id());
  EXPECT_EQ(emit->name(), "Greeted");
  EXPECT_EQ(emit->source(), "greetings");
  EXPECT_EQ(emit->outcome(), v1::Span::OUTCOME_DONE);
  EXPECT_EQ(listen->parent_id(), emit->span_id());
  EXPECT_EQ(listen->name(), "Greeted");
  EXPECT_EQ(listen->source(), "greetings");
  EXPECT_EQ(listen->group(), "patience");
  EXPECT_EQ(listen->outcome(), v1::Span::OUTCOME_DONE);
}

TEST_F(TraceTest, EachAttemptIsASpanAndTheLastSaysThatItWasGivenUp) {
  journal_.on_hear = [] { Throw(absl::InternalError("out of tune")); };
  Start();
  Post("/sample.v1.GreeterService/Greet", R"({"name":"Ada"})");
  v1::GetTraceResponse trace = TraceWith(6);
  while (trace.dead_letters_size() == 0) trace = Trace(kTraceId);
  std::vector<std::string> attempts;
  for (const v1::Span& span : trace.spans()) {
    if (span.kind() != v1::Span::KIND_HANDLE) continue;
    attempts.push_back(StrCat(span.attempt(), " ",
                              v1::Span::Outcome_Name(span.outcome()), " ",
                              span.error()));
  }
  EXPECT_THAT(attempts, ElementsAre("1 OUTCOME_RETRY out of tune",
                                    "2 OUTCOME_DEAD_LETTER out of tune"));
  EXPECT_EQ(trace.dead_letters(0).group(), "choir.heard");
}

TEST_F(TraceTest, MetricsTellOfLagOutboxAndPublishing) {
  config_.set_readiness_interval("10ms");
  Start();
  Post("/sample.v1.GreeterService/Greet", R"({"name":"Ada"})");
  TraceWith(5);
  const auto shown = [&](const std::string& line) {
    return Http("GET", "/metrics").find(line) != std::string::npos;
  };
  for (const char* line :
       {R"(millrace_bus_lag_records{group="choir.heard",partition="0",)"
        R"(topic="sample.v1.greetings"} 0)",
        R"(millrace_bus_working_lanes{group="choir.heard",)"
        R"(topic="sample.v1.greetings"} 0)",
        R"(millrace_bus_outbox_rows{outbox="greeter"} 0)",
        R"(millrace_bus_outbox_oldest_age_seconds{outbox="greeter"} 0)",
        R"(millrace_bus_publish_seconds_count{from="outbox"} 1)"}) {
    while (!shown(line)) {
    }
    EXPECT_TRUE(shown(line)) << line;
  }
}

TEST_F(TraceTest, AnEventThatOnlyTheTopicsKnowIsFound) {
  config_.mutable_traces()->set_keep_spans(0);
  Start();
  Post("/sample.v1.GreeterService/Greet", R"({"name":"Ada"})");
  v1::GetTraceResponse trace;
  while (trace.events_size() == 0) trace = Trace(kTraceId);
  EXPECT_EQ(trace.spans_size(), 0);
  EXPECT_EQ(Trace(trace.events(0).id()).trace_id(), kTraceId);
  EXPECT_THAT(Post("/millrace.v1.TraceService/GetTrace",
                   R"({"id":"nobody","topics":true})"),
              HasSubstr("'nobody' is not the 32 hexadecimal digits of a trace "
                        "id, and no event is known here that has this id"));
}

}  // namespace
}  // namespace millrace::runtime
