// Spans as messages of TraceService, and ids as texts. Pure.
#ifndef MILLRACE_RUNTIME_TRACE_WIRE_H_
#define MILLRACE_RUNTIME_TRACE_WIRE_H_

#include <optional>
#include <string_view>

#include "base/span.h"
#include "millrace/v1/trace.pb.h"

namespace millrace::runtime {

// Bytes that are not UTF-8 become '?'.
v1::Span ToWire(const Span& span);

// From 32 hexadecimal digits; nothing for any other text.
std::optional<TraceId> TraceIdFrom(std::string_view text);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TRACE_WIRE_H_
