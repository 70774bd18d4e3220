// Spans as OTLP has them, with the attributes of OpenTelemetry's semantic
// conventions for RPC, messaging and CloudEvents. Pure, any thread.
//
//   request     SERVER    users.v1.UsersService/GetUser
//   call        CLIENT    the same
//   emit        PRODUCER  send users.v1.UserEvents.Created
//   handle      CONSUMER  process users.v1.UserEvents.Created; linked to the
//                         emit
//   local emit  INTERNAL  emit Created
//   listen      INTERNAL  listen Created
//
// What the conventions have no name for begins with "millrace.": the outcome of
// a handle and which attempt it was; the emitter, the event and the listener of
// an emit within the process.
#ifndef MILLRACE_OTLP_TRACE_REQUEST_H_
#define MILLRACE_OTLP_TRACE_REQUEST_H_

#include <string>

#include "absl/types/span.h"
#include "base/stored_span.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "otlp/resource.h"

namespace millrace::otlp {

// `messaging_system` is the messaging.system of events, "kafka" for example.
void Fill(const Span& span, const std::string& messaging_system,
          opentelemetry::proto::trace::v1::Span* to);

// The bytes of an ExportTraceServiceRequest.
std::string TraceRequest(const Resource& resource,
                         const std::string& messaging_system,
                         absl::Span<const StoredSpan> spans);

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_TRACE_REQUEST_H_
