#include "runtime/trace_wire.h"

#include <string>

#include "base/strings.h"
#include "contract/time.h"
#include "otlp/readable.h"

namespace millrace::runtime {
namespace {

using otlp::Readable;

std::string HexOf(const SpanId& id) {
  if (id == SpanId{}) return {};
  TraceContext context;
  context.span_id = id;
  return context.span_id_hex();
}

}  // namespace

v1::Span ToWire(const Span& span) {
  v1::Span out;
  out.set_span_id(HexOf(span.span_id));
  out.set_parent_id(HexOf(span.parent_id));
  // The enums have the same order, behind one that is unspecified.
  out.set_kind(static_cast<v1::Span::Kind>(static_cast<int>(span.kind) + 1));
  out.set_outcome(
      static_cast<v1::Span::Outcome>(static_cast<int>(span.outcome) + 1));
  out.set_name(Readable(span.name));
  SetTimestamp(span.start, out.mutable_start_time());
  SetDuration(span.duration, out.mutable_duration());
  out.set_code(static_cast<int>(span.code));
  out.set_error(Readable(span.error));
  out.set_source(Readable(span.source));
  out.set_group(Readable(span.group));
  if (span.kind == Span::Kind::kHandle) out.set_attempt(span.attempt);
  out.set_event_id(Readable(span.event_id));
  out.set_key(Readable(span.key));
  return out;
}

std::optional<TraceId> TraceIdFrom(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto context =
      TraceContext::Parse(StrCat("00-", text, "-0000000000000001-01"));
  if (!context) return std::nullopt;
  return context->trace_id;
}

}  // namespace millrace::runtime
