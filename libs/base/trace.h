// W3C Trace Context: the ids that tie a request, its events and its log lines
// together. https://www.w3.org/TR/trace-context/ (version 00).
#ifndef MILLRACE_BASE_TRACE_H_
#define MILLRACE_BASE_TRACE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

struct TraceContext {
  std::array<uint8_t, 16> trace_id{};
  std::array<uint8_t, 8> span_id{};
  uint8_t flags = 0;       // bit 0: sampled
  std::string tracestate;  // passed on as it came

  // A new trace with a new span, sampled.
  static TraceContext NewRoot();

  // Nothing when `traceparent` is malformed or holds an all-zero id; the
  // caller then starts a new trace. A malformed `tracestate` is dropped.
  static std::optional<TraceContext> Parse(std::string_view traceparent,
                                           std::string_view tracestate = {});

  // The same trace with a new span id.
  TraceContext Child() const;

  bool valid() const;
  bool sampled() const { return flags & 1; }
  std::string traceparent() const;   // 55 characters, version 00
  std::string trace_id_hex() const;  // 32 lower-case digits
  std::string span_id_hex() const;   // 16 lower-case digits

  bool operator==(const TraceContext&) const = default;
};

}  // namespace millrace

#endif  // MILLRACE_BASE_TRACE_H_
