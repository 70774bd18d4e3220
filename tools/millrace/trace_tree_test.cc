#include "tools/millrace/trace_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/time.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

v1::Span SpanAt(int ms, std::string id, std::string parent, v1::Span::Kind kind,
                std::string name) {
  v1::Span span;
  span.set_span_id(id);
  span.set_parent_id(parent);
  span.set_kind(kind);
  span.set_name(name);
  span.set_outcome(v1::Span::OUTCOME_DONE);
  SetTimestamp(absl::FromUnixMillis(1'700'000'000'000 + ms),
               span.mutable_start_time());
  span.mutable_duration()->set_nanos(1'000'000);
  return span;
}

v1::Span Request(int ms, std::string id, std::string parent) {
  v1::Span span = SpanAt(ms, id, parent, v1::Span::KIND_REQUEST, "a.v1.A/Do");
  span.set_source("grpc");
  return span;
}

v1::Span Emit(int ms, std::string id, std::string parent, std::string event) {
  v1::Span span =
      SpanAt(ms, id, parent, v1::Span::KIND_EMIT, "a.v1.Events.Done");
  span.set_source("/a");
  span.set_event_id(event);
  span.set_key("k");
  return span;
}

v1::Span Handle(int ms, std::string id, std::string parent, std::string event,
                std::string group, int attempt = 1) {
  v1::Span span =
      SpanAt(ms, id, parent, v1::Span::KIND_HANDLE, "a.v1.Events.Done");
  span.set_event_id(event);
  span.set_group(group);
  span.set_attempt(attempt);
  return span;
}

v1::Span LocalEmit(int ms, std::string id, std::string parent) {
  v1::Span span = SpanAt(ms, id, parent, v1::Span::KIND_LOCAL_EMIT, "Done");
  span.set_source("works");
  return span;
}

v1::Span Listen(int ms, std::string id, std::string parent,
                std::string listener) {
  v1::Span span = SpanAt(ms, id, parent, v1::Span::KIND_LISTEN, "Done");
  span.set_source("works");
  span.set_group(listener);
  return span;
}

v1::Envelope OnTopic(int ms, std::string event, std::string span,
                     std::string cause = "") {
  v1::Envelope envelope;
  envelope.set_id(event);
  envelope.set_type("a.v1.Events.Done");
  envelope.set_source("/a");
  envelope.set_key("k");
  envelope.set_traceparent("00-" + std::string(kTrace) + "-" + span + "-01");
  SetTimestamp(absl::FromUnixMillis(1'700'000'000'000 + ms),
               envelope.mutable_time());
  if (!cause.empty()) (*envelope.mutable_extensions())["causationid"] = cause;
  return envelope;
}

std::string TextOf(std::vector<v1::GetTraceResponse> answers) {
  for (v1::GetTraceResponse& answer : answers) answer.set_trace_id(kTrace);
  return TraceText(MakeTraceTree(answers));
}

constexpr char kHead[] =
    "trace 4bf92f3577b34da6a3ce929d0e0e4736  began "
    "2023-11-14T22:13:20+00:00  took ";

TEST(TraceTreeTest, SpansOfTwoProcessesNest) {
  v1::GetTraceResponse a, b;
  *a.add_spans() = Emit(2, "00000000000000e1", "00000000000000a1", "e-1");
  *a.add_spans() = Request(0, "00000000000000a1", "00f067aa0ba902b7");
  v1::Span retry =
      Handle(5, "00000000000000c1", "00000000000000e1", "e-1", "b.group");
  retry.set_outcome(v1::Span::OUTCOME_RETRY);
  retry.set_error("busy");
  *b.add_spans() = retry;
  *b.add_spans() =
      Handle(8, "00000000000000c2", "00000000000000e1", "e-1", "b.group", 2);
  *b.add_spans() =
      Handle(4, "00000000000000c3", "00000000000000e1", "e-1", "a.group");
  *b.add_spans() = Emit(9, "00000000000000e2", "00000000000000c2", "e-2");
  *b.add_events() = OnTopic(2, "e-1", "00000000000000e1");
  EXPECT_EQ(
      TextOf({a, b}),
      std::string(kHead) +
          "10.0 ms\n"
          "     +0.0 ms  request a.v1.A/Do  done  1.0 ms  over grpc\n"
          "     +2.0 ms  `- event a.v1.Events.Done  key k  from /a  id e-1\n"
          "     +4.0 ms     |- handled by a.group  done  1.0 ms\n"
          "     +5.0 ms     `- handled by b.group  done after 2 attempts  4.0 "
          "ms\n"
          "     +9.0 ms        `- event a.v1.Events.Done  key k  from /a  id "
          "e-2\n");
}

TEST(TraceTreeTest, ARequestHangsBelowTheOneThatCalledForIt) {
  v1::GetTraceResponse a, b;
  *a.add_spans() = SpanAt(1, "00000000000000d1", "00000000000000a1",
                          v1::Span::KIND_CALL, "a.v1.A/Do");
  *a.add_spans() = Request(0, "00000000000000a1", "");
  *b.add_spans() = Request(2, "00000000000000a2", "00000000000000d1");
  EXPECT_EQ(
      TextOf({a, b}),
      std::string(kHead) +
          "3.0 ms\n"
          "     +0.0 ms  request a.v1.A/Do  done  1.0 ms  over grpc\n"
          "     +2.0 ms  `- request a.v1.A/Do  done  1.0 ms  over grpc\n");
}

TEST(TraceTreeTest, EmitsWithinAProcessHangBelowWhatMadeThem) {
  v1::GetTraceResponse a;
  v1::Span broken = Listen(3, "00000000000000f2", "00000000000000b1", "second");
  broken.set_outcome(v1::Span::OUTCOME_FAILED);
  broken.set_error("broken");
  *a.add_spans() = Listen(2, "00000000000000f1", "00000000000000b1", "first");
  *a.add_spans() = LocalEmit(4, "00000000000000b2", "00000000000000f2");
  *a.add_spans() = broken;
  *a.add_spans() = LocalEmit(1, "00000000000000b1", "00000000000000a1");
  *a.add_spans() = Request(0, "00000000000000a1", "");
  // What is left of a trace that was forgotten.
  *a.add_spans() = LocalEmit(6, "00000000000000b3", "00000000000000a9");
  EXPECT_EQ(
      TextOf({a}),
      std::string(kHead) +
          "7.0 ms\n"
          "     +0.0 ms  request a.v1.A/Do  done  1.0 ms  over grpc\n"
          "     +1.0 ms  `- emit Done  from works  1.0 ms\n"
          "     +2.0 ms     |- heard by first  done  1.0 ms\n"
          "     +3.0 ms     `- heard by second  failed  1.0 ms  error: broken\n"
          "     +4.0 ms        `- emit Done  from works  1.0 ms\n"
          "     +6.0 ms  emit Done  from works  1.0 ms\n");
  const std::string json = TraceJson(MakeTraceTree({a}));
  EXPECT_THAT(json, HasSubstr(R"("kind":"emit")"));
  EXPECT_THAT(json, HasSubstr(R"("kind":"listener")"));
}

TEST(TraceTreeTest, SpansThatTwoProcessesTellOfCountOnce) {
  v1::GetTraceResponse a;
  *a.add_spans() = Request(0, "00000000000000a1", "");
  EXPECT_EQ(TextOf({a, a}),
            std::string(kHead) +
                "1.0 ms\n"
                "     +0.0 ms  request a.v1.A/Do  done  1.0 ms  over grpc\n");
}

TEST(TraceTreeTest, WithoutSpansTheTopicsTellWhatCausedWhat) {
  v1::GetTraceResponse a;
  *a.add_events() = OnTopic(7, "e-2", "00000000000000e2", "e-1");
  *a.add_events() = OnTopic(0, "e-1", "00000000000000e1");
  v1::DeadLetter* letter = a.add_dead_letters();
  *letter->mutable_event() = OnTopic(0, "e-1", "00000000000000e1");
  letter->set_group("b.group");
  letter->set_attempts(5);
  letter->set_reason("no");
  SetTimestamp(absl::FromUnixMillis(1'700'000'000'009),
               letter->mutable_dead_time());
  EXPECT_EQ(
      TextOf({a}),
      std::string(kHead) +
          "9.0 ms\n"
          "     +0.0 ms  event a.v1.Events.Done  key k  from /a  id e-1\n"
          "     +7.0 ms  |- event a.v1.Events.Done  key k  from /a  id e-2\n"
          "     +9.0 ms  `- handled by b.group  dead letter after 5 attempts  "
          "0.0 ms  error: no\n");
}

TEST(TraceTreeTest, AHandlerWithoutItsEventIsShownBelowIt) {
  v1::GetTraceResponse a;
  *a.add_spans() =
      Handle(0, "00000000000000c1", "00000000000000e1", "e-1", "b.group");
  EXPECT_EQ(TextOf({a}),
            std::string(kHead) +
                "1.0 ms\n"
                "     +0.0 ms  event a.v1.Events.Done  id e-1\n"
                "     +0.0 ms  `- handled by b.group  done  1.0 ms\n");
}

TEST(TraceTreeTest, SpansThatAreEachOthersParentsAreShownOnce) {
  v1::GetTraceResponse a;
  *a.add_spans() = Request(0, "00000000000000a1", "00000000000000a2");
  *a.add_spans() = Request(1, "00000000000000a2", "00000000000000a1");
  *a.add_spans() = Request(2, "00000000000000a3", "00000000000000a3");
  EXPECT_EQ(TextOf({a}),
            std::string(kHead) +
                "3.0 ms\n"
                "     +0.0 ms  request a.v1.A/Do  done  1.0 ms  over grpc\n"
                "     +1.0 ms  `- request a.v1.A/Do  done  1.0 ms  over grpc\n"
                "     +2.0 ms  request a.v1.A/Do  done  1.0 ms  over grpc\n");
}

TEST(TraceTreeTest, SaysWhenThereIsNothing) {
  EXPECT_EQ(TextOf({v1::GetTraceResponse()}),
            "trace 4bf92f3577b34da6a3ce929d0e0e4736: nothing is known of it\n");
}

TEST(TraceTreeTest, WhatOthersWroteIsNotObeyedByATerminal) {
  v1::GetTraceResponse a;
  *a.add_spans() = Emit(2, "00000000000000e1", "", "e-1\x1b[2J\nforged");
  EXPECT_THAT(TextOf({a}), HasSubstr("id e-1\\x1b[2J\\nforged\n"));
}

TEST(TraceTreeTest, IsJsonToo) {
  v1::GetTraceResponse a;
  *a.add_spans() = Request(0, "00000000000000a1", "");
  *a.add_spans() = Emit(2, "00000000000000e1", "00000000000000a1", "e-1");
  a.set_trace_id(kTrace);
  a.set_truncated(true);
  const std::string json = TraceJson(MakeTraceTree({a}));
  EXPECT_THAT(json,
              HasSubstr(R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736")"));
  EXPECT_THAT(json, HasSubstr(R"("truncated":true)"));
  EXPECT_THAT(json, HasSubstr(R"("offsetMs":2)"));
  EXPECT_THAT(json, HasSubstr(R"("children":[{)"));
}

}  // namespace
}  // namespace millrace::cli
