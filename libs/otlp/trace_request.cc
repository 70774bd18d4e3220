#include "otlp/trace_request.h"

#include <google/protobuf/arena.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "otlp/attributes.h"
#include "otlp/readable.h"

namespace millrace::otlp {
namespace {

using WireSpan = wire::trace::v1::Span;

// The sampled flag of W3C Trace Context: nothing else is exported.
constexpr uint32_t kSampled = 1;

std::string Bytes(absl::Span<const uint8_t> id) {
  return std::string(id.begin(), id.end());
}

WireSpan::SpanKind KindOf(Span::Kind kind) {
  switch (kind) {
    case Span::Kind::kRequest:
      return WireSpan::SPAN_KIND_SERVER;
    case Span::Kind::kCall:
      return WireSpan::SPAN_KIND_CLIENT;
    case Span::Kind::kEmit:
      return WireSpan::SPAN_KIND_PRODUCER;
    case Span::Kind::kHandle:
      return WireSpan::SPAN_KIND_CONSUMER;
    case Span::Kind::kLocalEmit:
    case Span::Kind::kListen:
      return WireSpan::SPAN_KIND_INTERNAL;
  }
  return WireSpan::SPAN_KIND_INTERNAL;
}

std::string_view NameOf(Span::Outcome outcome) {
  switch (outcome) {
    case Span::Outcome::kDone:
      return "done";
    case Span::Outcome::kFailed:
      return "failed";
    case Span::Outcome::kRetry:
      return "retry";
    case Span::Outcome::kDeadLetter:
      return "dead_letter";
    case Span::Outcome::kExpired:
      return "expired";
  }
  return "";
}

// Whether the failure is the server's, as the conventions for gRPC have it: a
// caller who asks for what is not there is no error of the server.
bool IsServerError(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

// Of "host:port", or of anything else as it is.
void FillServer(std::string_view target, Attributes* to) {
  const size_t colon = target.rfind(':');
  int port = 0;
  if (colon == target.npos ||
      !absl::SimpleAtoi(ToAbsl(target.substr(colon + 1)), &port)) {
    return AddIfSet("server.address", target, to);
  }
  AddIfSet("server.address", target.substr(0, colon), to);
  AddNumber("server.port", port, to);
}

void FillRpc(const Span& span, Attributes* to) {
  const bool http = span.kind == Span::Kind::kRequest && span.source == "http";
  Add("rpc.system", http ? "connect_rpc" : "grpc", to);
  const size_t slash = span.name.rfind('/');
  if (slash != span.name.npos) {
    Add("rpc.service", span.name.substr(0, slash), to);
    Add("rpc.method", span.name.substr(slash + 1), to);
  }
  if (!http) {
    AddNumber("rpc.grpc.status_code", static_cast<int>(span.code), to);
  } else if (span.code != absl::StatusCode::kOk) {
    Add("rpc.connect_rpc.error_code",
        absl::AsciiStrToLower(ToAbsl(CodeName(span.code))), to);
  }
  if (span.kind == Span::Kind::kCall) FillServer(span.source, to);
}

void FillMessaging(const Span& span, const std::string& system,
                   Attributes* to) {
  const bool emit = span.kind == Span::Kind::kEmit;
  Add("messaging.system", system, to);
  Add("messaging.operation.name", emit ? "send" : "process", to);
  Add("messaging.operation.type", emit ? "send" : "process", to);
  AddIfSet("messaging.destination.name", span.topic, to);
  AddIfSet("messaging.message.id", span.event_id, to);
  if (system == "kafka") AddIfSet("messaging.kafka.message.key", span.key, to);
  AddIfSet("messaging.consumer.group.name", span.group, to);
  AddIfSet("cloudevents.event_id", span.event_id, to);
  AddIfSet("cloudevents.event_type", span.name, to);
  AddIfSet("cloudevents.event_source", span.source, to);
  if (emit) return;
  AddNumber("millrace.attempt", span.attempt, to);
  Add("millrace.outcome", NameOf(span.outcome), to);
}

// Of an emit within the process and its listeners.
void FillLocal(const Span& span, Attributes* to) {
  AddIfSet("millrace.emitter", span.source, to);
  AddIfSet("millrace.event", span.name, to);
  AddIfSet("millrace.listener", span.group, to);
}

// The name, and the attributes by which backends know what it is.
void FillKind(const Span& span, const std::string& messaging_system,
              WireSpan* to) {
  Attributes* const attributes = to->mutable_attributes();
  const auto name = [&](std::string_view verb) {
    to->set_name(Readable(StrCat(verb, span.name)));
  };
  switch (span.kind) {
    case Span::Kind::kRequest:
    case Span::Kind::kCall:
      name("");
      return FillRpc(span, attributes);
    case Span::Kind::kEmit:
      name("send ");
      return FillMessaging(span, messaging_system, attributes);
    case Span::Kind::kHandle:
      name("process ");
      return FillMessaging(span, messaging_system, attributes);
    case Span::Kind::kLocalEmit:
      name("emit ");
      return FillLocal(span, attributes);
    case Span::Kind::kListen:
      name("listen ");
      return FillLocal(span, attributes);
  }
}

void FillStatus(const Span& span, WireSpan* to) {
  if (span.code == absl::StatusCode::kOk) return;
  Add("error.type", CodeName(span.code), to->mutable_attributes());
  if (span.kind == Span::Kind::kRequest && !IsServerError(span.code)) return;
  to->mutable_status()->set_code(wire::trace::v1::Status::STATUS_CODE_ERROR);
  to->mutable_status()->set_message(Readable(span.error));
}

}  // namespace

void Fill(const Span& span, const std::string& messaging_system, WireSpan* to) {
  to->set_trace_id(Bytes(span.trace_id));
  to->set_span_id(Bytes(span.span_id));
  if (span.parent_id != SpanId{}) to->set_parent_span_id(Bytes(span.parent_id));
  to->set_flags(kSampled);
  to->set_kind(KindOf(span.kind));
  to->set_start_time_unix_nano(absl::ToUnixNanos(span.start));
  to->set_end_time_unix_nano(absl::ToUnixNanos(span.start + span.duration));
  FillKind(span, messaging_system, to);
  if (span.kind == Span::Kind::kHandle && span.parent_id != SpanId{}) {
    WireSpan::Link& emit = *to->add_links();
    emit.set_trace_id(Bytes(span.trace_id));
    emit.set_span_id(Bytes(span.parent_id));
    emit.set_flags(kSampled);
  }
  FillStatus(span, to);
}

std::string TraceRequest(const Resource& resource,
                         const std::string& messaging_system,
                         absl::Span<const StoredSpan> spans) {
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<
      wire::collector::trace::v1::ExportTraceServiceRequest>(&arena);
  wire::trace::v1::ResourceSpans& all = *request->add_resource_spans();
  Fill(resource, all.mutable_resource());
  wire::trace::v1::ScopeSpans& scope = *all.add_scope_spans();
  FillScope(scope.mutable_scope());
  for (const StoredSpan& span : spans) {
    Fill(span.span(), messaging_system, scope.add_spans());
  }
  return request->SerializeAsString();
}

}  // namespace millrace::otlp
