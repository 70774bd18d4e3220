#include "otlp/trace_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "otlp/testing/fake_collector.h"

namespace millrace::otlp {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;
using WireSpan = opentelemetry::proto::trace::v1::Span;
using WireStatus = opentelemetry::proto::trace::v1::Status;

WireSpan Wire(const Span& span) {
  WireSpan wire;
  Fill(span, "kafka", &wire);
  return wire;
}

Span Request() {
  Span span;
  span.trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                   0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};
  span.span_id = {0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7};
  span.start = absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(5);
  span.duration = absl::Milliseconds(3);
  span.name = "users.v1.UsersService/GetUser";
  span.source = "grpc";
  return span;
}

Span Handle() {
  Span span = Request();
  span.kind = Span::Kind::kHandle;
  span.parent_id = {1, 2, 3, 4, 5, 6, 7, 8};
  span.name = "users.v1.UserEvents.Created";
  span.source = "";
  span.group = "admin.audit";
  span.event_id = "id-1";
  span.key = "user-1";
  span.topic = "users.v1.events";
  span.attempt = 2;
  return span;
}

TEST(TraceRequestTest, HasIdsTimesAndNoParentOfARoot) {
  const WireSpan wire = Wire(Request());
  EXPECT_EQ(HexOf(wire.trace_id()), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(HexOf(wire.span_id()), "00f067aa0ba902b7");
  EXPECT_EQ(wire.parent_span_id(), "");
  EXPECT_EQ(wire.flags(), 1u);
  EXPECT_EQ(wire.start_time_unix_nano(), 1'700'000'000'000'000'005u);
  EXPECT_EQ(wire.end_time_unix_nano(), 1'700'000'000'003'000'005u);
  Span child = Request();
  child.parent_id = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(HexOf(Wire(child).parent_span_id()), "0102030405060708");
}

TEST(TraceRequestTest, ARequestOverGrpcIsOfRpc) {
  const WireSpan wire = Wire(Request());
  EXPECT_EQ(wire.name(), "users.v1.UsersService/GetUser");
  EXPECT_EQ(wire.kind(), WireSpan::SPAN_KIND_SERVER);
  EXPECT_THAT(TextsOf(wire.attributes()),
              UnorderedElementsAre(Pair("rpc.system", "grpc"),
                                   Pair("rpc.service", "users.v1.UsersService"),
                                   Pair("rpc.method", "GetUser"),
                                   Pair("rpc.grpc.status_code", "0")));
  EXPECT_FALSE(wire.has_status());
}

TEST(TraceRequestTest, ARequestOverHttpIsOfConnect) {
  Span span = Request();
  span.source = "http";
  EXPECT_THAT(TextsOf(Wire(span).attributes()),
              UnorderedElementsAre(Pair("rpc.system", "connect_rpc"),
                                   Pair("rpc.service", "users.v1.UsersService"),
                                   Pair("rpc.method", "GetUser")));
  span.code = absl::StatusCode::kNotFound;
  span.error = "no user";
  EXPECT_THAT(TextsOf(Wire(span).attributes()),
              Contains(Pair("rpc.connect_rpc.error_code", "not_found")));
}

TEST(TraceRequestTest, OnlyTheServersOwnFailuresAreErrorsOfARequest) {
  Span span = Request();
  span.error = "what it said";
  span.code = absl::StatusCode::kNotFound;
  EXPECT_FALSE(Wire(span).has_status());
  EXPECT_THAT(TextsOf(Wire(span).attributes()),
              Contains(Pair("error.type", "NOT_FOUND")));
  span.code = absl::StatusCode::kUnavailable;
  EXPECT_EQ(Wire(span).status().code(), WireStatus::STATUS_CODE_ERROR);
  EXPECT_EQ(Wire(span).status().message(), "what it said");
  // Whoever calls is not served either way.
  span.kind = Span::Kind::kCall;
  span.source = "users:9090";
  span.code = absl::StatusCode::kNotFound;
  const WireSpan call = Wire(span);
  EXPECT_EQ(call.kind(), WireSpan::SPAN_KIND_CLIENT);
  EXPECT_EQ(call.status().code(), WireStatus::STATUS_CODE_ERROR);
  EXPECT_THAT(TextsOf(call.attributes()),
              testing::AllOf(Contains(Pair("server.address", "users")),
                             Contains(Pair("server.port", "9090"))));
}

TEST(TraceRequestTest, AnEmitIsAMessageThatIsSent) {
  Span span = Handle();
  span.kind = Span::Kind::kEmit;
  span.group = "";
  span.source = "/users";
  const WireSpan wire = Wire(span);
  EXPECT_EQ(wire.name(), "send users.v1.UserEvents.Created");
  EXPECT_EQ(wire.kind(), WireSpan::SPAN_KIND_PRODUCER);
  EXPECT_THAT(TextsOf(wire.attributes()),
              UnorderedElementsAre(
                  Pair("messaging.system", "kafka"),
                  Pair("messaging.operation.name", "send"),
                  Pair("messaging.operation.type", "send"),
                  Pair("messaging.destination.name", "users.v1.events"),
                  Pair("messaging.message.id", "id-1"),
                  Pair("messaging.kafka.message.key", "user-1"),
                  Pair("cloudevents.event_id", "id-1"),
                  Pair("cloudevents.event_type", "users.v1.UserEvents.Created"),
                  Pair("cloudevents.event_source", "/users")));
  EXPECT_THAT(wire.links(), IsEmpty());
}

TEST(TraceRequestTest, AHandleIsAMessageThatIsProcessedAndLinkedToItsEmit) {
  Span span = Handle();
  span.outcome = Span::Outcome::kRetry;
  span.code = absl::StatusCode::kNotFound;
  span.error = "not yet";
  const WireSpan wire = Wire(span);
  EXPECT_EQ(wire.name(), "process users.v1.UserEvents.Created");
  EXPECT_EQ(wire.kind(), WireSpan::SPAN_KIND_CONSUMER);
  const auto attributes = TextsOf(wire.attributes());
  EXPECT_THAT(attributes,
              Contains(Pair("messaging.consumer.group.name", "admin.audit")));
  EXPECT_THAT(attributes, Contains(Pair("millrace.attempt", "2")));
  EXPECT_THAT(attributes, Contains(Pair("millrace.outcome", "retry")));
  EXPECT_EQ(wire.status().code(), WireStatus::STATUS_CODE_ERROR);
  ASSERT_EQ(wire.links_size(), 1);
  EXPECT_EQ(wire.links(0).trace_id(), wire.trace_id());
  EXPECT_EQ(HexOf(wire.links(0).span_id()), "0102030405060708");
}

TEST(TraceRequestTest, AnEmitWithinTheProcessIsNoMessage) {
  Span span = Request();
  span.kind = Span::Kind::kLocalEmit;
  span.parent_id = {1, 2, 3, 4, 5, 6, 7, 8};
  span.name = "Created";
  span.source = "people";
  const WireSpan emit = Wire(span);
  EXPECT_EQ(emit.name(), "emit Created");
  EXPECT_EQ(emit.kind(), WireSpan::SPAN_KIND_INTERNAL);
  EXPECT_THAT(TextsOf(emit.attributes()),
              UnorderedElementsAre(Pair("millrace.emitter", "people"),
                                   Pair("millrace.event", "Created")));
  EXPECT_THAT(emit.links(), IsEmpty());
  EXPECT_FALSE(emit.has_status());

  span.kind = Span::Kind::kListen;
  span.group = "index";
  span.code = absl::StatusCode::kInternal;
  span.error = "broken";
  const WireSpan listen = Wire(span);
  EXPECT_EQ(listen.name(), "listen Created");
  EXPECT_EQ(listen.kind(), WireSpan::SPAN_KIND_INTERNAL);
  EXPECT_THAT(TextsOf(listen.attributes()),
              UnorderedElementsAre(Pair("millrace.emitter", "people"),
                                   Pair("millrace.event", "Created"),
                                   Pair("millrace.listener", "index"),
                                   Pair("error.type", "INTERNAL")));
  EXPECT_EQ(listen.status().message(), "broken");
}

TEST(TraceRequestTest, WithoutKafkaThereIsNoKeyOfKafka) {
  WireSpan wire;
  Fill(Handle(), "millrace", &wire);
  EXPECT_THAT(TextsOf(wire.attributes()),
              Not(Contains(Pair("messaging.kafka.message.key", testing::_))));
}

// A collector refuses a whole request over one bad text.
TEST(TraceRequestTest, BytesThatAreNoTextAreReplaced) {
  Span span = Handle();
  span.key = "k\xff";
  span.error = "cut \xc3";
  span.code = absl::StatusCode::kUnknown;
  const std::string bytes =
      TraceRequest({{"service.name", "users"}}, "kafka", {StoredSpan(span)});
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  ASSERT_TRUE(request.ParseFromString(bytes));
  const auto& all = request.resource_spans(0);
  EXPECT_THAT(TextsOf(all.resource().attributes()),
              UnorderedElementsAre(Pair("service.name", "users")));
  const WireSpan& wire = all.scope_spans(0).spans(0);
  EXPECT_EQ(all.scope_spans(0).scope().name(), "millrace");
  EXPECT_EQ(wire.status().message(), "cut ?");
  EXPECT_THAT(TextsOf(wire.attributes()),
              Contains(Pair("messaging.kafka.message.key", "k?")));
}

}  // namespace
}  // namespace millrace::otlp
