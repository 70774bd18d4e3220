#include "bus/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::bus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

EventEnvelope Sample() {
  EventEnvelope event;
  event.id = "0190c2d4-0000-7000-8000-000000000001";
  event.type = "users.v1.UserEvents.Created";
  event.source = "/users";
  event.key = "u-1";
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full,
                              "2024-05-06T07:08:09.123456789Z", &event.time,
                              nullptr));
  event.trace = *TraceContext::Parse(
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1,b=2");
  event.payload = std::string("\x0a\x00\xff binary", 10);
  event.extensions = {{kCausationExtension, "cause"}, {"x-other", "kept"}};
  return event;
}

Record Minimal() {
  Record record;
  record.topic = "t";
  record.partition = 2;
  record.offset = 7;
  record.headers = {{"ce_specversion", "1.0"},
                    {"ce_id", "1"},
                    {"ce_type", "T"},
                    {"ce_source", "/s"}};
  return record;
}

TEST(CodecTest, WritesTheHeadersOfTheBinding) {
  const Record record = EncodeEvent(Sample(), "users.v1.events");
  EXPECT_EQ(record.topic, "users.v1.events");
  EXPECT_EQ(record.key, "u-1");
  EXPECT_EQ(record.value, Sample().payload);
  EXPECT_THAT(
      record.headers,
      ElementsAre(
          Pair("ce_specversion", "1.0"), Pair("ce_id", Sample().id),
          Pair("ce_type", "users.v1.UserEvents.Created"),
          Pair("ce_source", "/users"),
          Pair("ce_time", "2024-05-06T07:08:09.123456789+00:00"),
          Pair("ce_subject", "u-1"),
          Pair("content-type", "application/protobuf"),
          Pair("traceparent",
               "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
          Pair("tracestate", "a=1,b=2"), Pair("ce_causationid", "cause"),
          Pair("x-other", "kept")));
}

TEST(CodecTest, ReadsBackWhatItWrote) {
  const EventEnvelope before = Sample();
  const auto after = DecodeEvent(EncodeEvent(before, "t"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->type, before.type);
  EXPECT_EQ(after->source, before.source);
  EXPECT_EQ(after->key, before.key);
  EXPECT_EQ(after->time, before.time);
  EXPECT_EQ(after->trace, before.trace);
  EXPECT_EQ(after->payload, before.payload);
  EXPECT_EQ(after->content_type, before.content_type);
  EXPECT_EQ(after->extensions, before.extensions);
}

TEST(CodecTest, TakesTheTraceOfTheDistributedTracingExtension) {
  Record record = Minimal();
  record.headers.Add("ce_traceparent",
                     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  const auto event = DecodeEvent(record);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->trace.trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(event->extensions.empty());
}

TEST(CodecTest, APayloadThatWasTakenIsGivenBack) {
  const Record before = EncodeEvent(Sample(), "t");
  Record record = before;
  EventEnvelope event;
  ASSERT_EQ(TakeEvent(&record, &event), absl::OkStatus());
  EXPECT_EQ(event.payload, Sample().payload);
  EXPECT_EQ(event.id, Sample().id);
  EXPECT_EQ(record.value, "");
  GiveBack(&event, &record);
  EXPECT_EQ(record.value, before.value);
  EXPECT_EQ(record.headers, before.headers);
}

TEST(CodecTest, WhatIsNoEventIsNotTaken) {
  Record record = Minimal();
  record.value = "bytes";
  record.headers.RemovePrefix("ce_id");
  EventEnvelope event;
  EXPECT_FALSE(TakeEvent(&record, &event).ok());
  EXPECT_EQ(record.value, "bytes");
}

TEST(CodecTest, NamesWhatIsMissing) {
  for (const char* name : {"ce_specversion", "ce_id", "ce_type", "ce_source"}) {
    Record record = Minimal();
    record.headers.RemovePrefix(name);
    const auto event = DecodeEvent(record);
    EXPECT_EQ(event.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(
        std::string(MessageOf(event.status())),
        HasSubstr(StrCat("t/2@7 is no CloudEvent: it has no header ", name)));
  }
}

TEST(CodecTest, RefusesOtherVersionsAndTimes) {
  Record record = Minimal();
  record.headers.Add("ce_specversion", "0.3");
  EXPECT_EQ(DecodeEvent(record).status().code(), absl::StatusCode::kDataLoss);
  record = Minimal();
  record.headers.Add("ce_time", "yesterday");
  EXPECT_EQ(DecodeEvent(record).status().code(), absl::StatusCode::kDataLoss);
}

TEST(CodecTest, ReadsTimesInOtherZonesAndFallsBackToTheRecords) {
  Record record = Minimal();
  record.time = absl::FromUnixSeconds(5);
  EXPECT_EQ(DecodeEvent(record)->time, absl::FromUnixSeconds(5));
  record.headers.Add("ce_time", "1970-01-01T02:00:10+02:00");
  EXPECT_EQ(DecodeEvent(record)->time, absl::FromUnixSeconds(10));
}

TEST(CodecTest, ATombstoneWithoutAnEventIsNone) {
  Record record;
  record.topic = "t";
  record.has_value = false;
  const auto event = DecodeEvent(record);
  EXPECT_EQ(event.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(event.status())), HasSubstr("tombstone"));
}

Record Structured(std::string json) {
  Record record;
  record.topic = "t";
  record.headers = {
      {"content-type", "application/cloudevents+json; charset=UTF-8"}};
  record.value = std::move(json);
  return record;
}

TEST(CodecTest, OfStructuredModeTheRecordKeepsItsValue) {
  const std::string json =
      R"({"specversion": "1.0", "id": "1", "type": "T", "source": "/s",
          "data": {"user_id": "u"}})";
  Record record = Structured(json);
  record.headers.Add("ce_type", "that of no binary mode");
  record.headers.Add("x-other", "kept");
  EventEnvelope event;
  ASSERT_EQ(TakeEvent(&record, &event), absl::OkStatus());
  EXPECT_EQ(event.type, "T");
  EXPECT_THAT(event.extensions,
              ElementsAre(Pair("ce_type", "that of no binary mode"),
                          Pair("x-other", "kept")));
  EXPECT_THAT(event.payload, HasSubstr("user_id"));
  GiveBack(&event, &record);
  EXPECT_EQ(record.value, json);
}

TEST(CodecTest, TheModeIsThatOfTheRecordAndNotOfThePayload) {
  Record record = Minimal();
  record.headers.Add("ce_datacontenttype", "application/cloudevents+json");
  const auto event = DecodeEvent(record);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->content_type, "application/cloudevents+json");
}

TEST(CodecTest, ReadsStructuredModeWithJsonData) {
  const auto event = DecodeEvent(Structured(R"({
      "specversion": "1.0", "id": "1", "type": "T", "source": "/s",
      "subject": "k", "time": "1970-01-01T00:00:10Z", "causationid": "c",
      "expirytime": "1970-01-01T00:01:00Z",
      "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "data": {"user_id": "u"}})"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->id, "1");
  EXPECT_EQ(event->key, "k");
  EXPECT_EQ(event->time, absl::FromUnixSeconds(10));
  EXPECT_EQ(event->expires, absl::FromUnixSeconds(60));
  EXPECT_EQ(event->content_type, "application/json");
  EXPECT_THAT(event->payload, HasSubstr("\"user_id\""));
  EXPECT_TRUE(event->trace.valid());
  EXPECT_THAT(event->extensions, Contains(Pair("causationid", "c")));
}

TEST(CodecTest, ReadsStructuredModeWithBinaryData) {
  const auto event = DecodeEvent(Structured(R"({
      "specversion": "1.0", "id": "1", "type": "T", "source": "/s",
      "datacontenttype": "application/protobuf", "data_base64": "CgF4"})"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->content_type, "application/protobuf");
  EXPECT_EQ(event->payload, "\x0a\x01x");
}

TEST(CodecTest, RefusesWrongStructuredEvents) {
  for (const char* json :
       {"", "[]", "{}", R"({"specversion":"1.0","id":"1","type":"T"})",
        R"({"specversion":"1.0","id":{},"type":"T","source":"/s"})",
        R"({"specversion":"1.0","id":"1","type":"T","source":"/s",
            "data_base64":"*"})"}) {
    EXPECT_EQ(DecodeEvent(Structured(json)).status().code(),
              absl::StatusCode::kDataLoss)
        << json;
  }
}

TEST(CodecTest, TheContextOfAnEventGoesOnWithItsTrace) {
  const CallContext context = ContextOf(Sample());
  EXPECT_EQ(context.trace, Sample().trace);
  EXPECT_EQ(context.causation_id, Sample().id);
  EXPECT_TRUE(ContextOf(EventEnvelope()).trace.valid());
}

TEST(CodecTest, WorkForAnEventIsDoneOnBehalfOfItsActor) {
  EXPECT_EQ(ActorOf(Sample()), "");
  EXPECT_EQ(ContextOf(Sample()).identity.subject, "");
  EventEnvelope event = Sample();
  event.extensions.emplace_back(kActorExtension, "user:ada");
  const auto read = DecodeEvent(EncodeEvent(event, "t"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ActorOf(*read), "user:ada");
  EXPECT_EQ(ContextOf(*read).identity.subject, "user:ada");
}

TEST(CodecTest, TheExpiryIsTheHandlersDeadline) {
  EventEnvelope event = Sample();
  event.expires = event.time + absl::Minutes(10);
  const Record record = EncodeEvent(event, "t");
  EXPECT_EQ(record.headers.Find("ce_expirytime"),
            "2024-05-06T07:18:09.123456789+00:00");
  const auto read = DecodeEvent(record);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->expires, event.expires);
  EXPECT_EQ(read->extensions, event.extensions);
  EXPECT_EQ(ContextOf(*read).deadline, event.expires);
  EXPECT_EQ(ContextOf(*DecodeEvent(EncodeEvent(Sample(), "t"))).deadline,
            absl::InfiniteFuture());
}

TEST(CodecTest, RefusesAnExpiryThatIsNoTime) {
  Record record = Minimal();
  record.headers.Add("ce_expirytime", "soon");
  EXPECT_THAT(std::string(MessageOf(DecodeEvent(record).status())),
              HasSubstr("ce_expirytime is 'soon', which is not RFC 3339"));
}

TEST(CodecTest, BaggageTravelsAsAHeaderOfItsName) {
  EventEnvelope event = Sample();
  event.extensions.emplace_back(kBaggageExtension, "tenant=7,region=eu");
  const Record record = EncodeEvent(event, "t");
  EXPECT_EQ(record.headers.Find("baggage"), "tenant=7,region=eu");
  EXPECT_EQ(record.headers.Find("ce_baggage"), std::nullopt);
  const auto read = DecodeEvent(record);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->extensions, event.extensions);
  EXPECT_EQ(ContextOf(*read).baggage, "tenant=7,region=eu");
  Record others = EncodeEvent(Sample(), "t");
  others.headers.Add("ce_baggage", "tenant=8");
  EXPECT_EQ(FindExtension(*DecodeEvent(others), kBaggageExtension), "tenant=8");
}

}  // namespace
}  // namespace millrace::bus
