// Server-Sent Events, as https://html.spec.whatwg.org/#server-sent-events has
// them. Loop thread only.
#ifndef MILLRACE_HTTP_SSE_H_
#define MILLRACE_HTTP_SSE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "http/message.h"
#include "loop/stream.h"

namespace millrace::http {

struct SseEvent {
  std::string event;  // empty: the browser's "message"
  std::string data;   // may have several lines
  std::string id;     // empty: none
  std::optional<absl::Duration> retry;
};

// The event as it is sent. Line ends in `event` and `id`, which would begin a
// field of their own, are dropped.
std::string FormatSse(const SseEvent& event);

// An id without an event: what a client that comes back says it has seen.
std::string FormatSseId(std::string_view id);

// A response whose body is events that FormatSse wrote. The client's reading
// sets the pace; when it leaves, the stream is cancelled. After `ping` without
// an event a comment is sent, so that the connection is not taken for a dead
// one, and a dead one is noticed.
Response SseResponse(Stream<std::string> events,
                     absl::Duration ping = absl::Seconds(15));

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SSE_H_
