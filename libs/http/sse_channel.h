// Server-Sent Events for many, without gaps: what is published is kept for a
// while, and a client that comes back gets what it has missed.
//
//   SseChannel channel(loop, {}, metrics);
//   router.Get("/events", [&channel](Request request) {
//     return Promise<Response>::Resolve(channel.Subscribe(request));
//   });
//   channel.Publish({.event = "price", .data = "42"});
//
// Each event has an id, "<epoch>-<number>": numbers count up, the epoch is
// another one in each channel, so that ids of an earlier process are not taken
// for the own. A client is served by the Last-Event-ID that it sends:
//
//   none       the id of the latest event, without an event, so that the client
//              misses nothing from here on; then what is published
//   kept       what came after that event, then what is published
//   any other  an event "reset", whose data is "forgotten" (events have been
//              dropped since) or "unknown" (not of this channel); then all that
//              is kept and what is published. The client may have missed
//              something and is to fetch anew what it shows.
//
// Each in order, once. "reset" is no name for other events.
//
// Subscribers have no queues: they read from what is kept, which all share, at
// their own pace. One who has more than a window outstanding, of what was
// published since it came, is cut: its connection ends with the write that is
// under way, or by the server's send_timeout when it reads nothing at all. It
// comes back with Last-Event-ID and gets the rest.
//
// Loop thread only. The loop outlives the channel, and the channel's responses
// may outlive the channel, which ends them. A server's Drain() waits for
// subscribers unless Close() was called.
#ifndef MILLRACE_HTTP_SSE_CHANNEL_H_
#define MILLRACE_HTTP_SSE_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/metrics.h"
#include "http/message.h"
#include "http/sse.h"
#include "loop/event_loop.h"

namespace millrace::http {

struct SseChannelOptions {
  // What is kept: the latest events, as many as both bounds allow.
  size_t keep_events = 1000;
  size_t keep_bytes = 4 << 20;  // as they are sent
  // What may be outstanding for a subscriber. One event always may.
  size_t window_events = 200;
  size_t window_bytes = 1 << 20;
  // How long clients wait before they come back; nothing: as they like.
  std::optional<absl::Duration> retry;
  absl::Duration ping = absl::Seconds(15);  // see SseResponse()
  // Letters and digits; empty: a random one. For tests.
  std::string epoch;

  absl::Status Validate() const;
};

class SseChannel {
 public:
  // Throws StatusError (INVALID_ARGUMENT) for bad options. `metrics` must
  // outlive the channel and its responses.
  SseChannel(EventLoop& loop, SseChannelOptions options, Metrics& metrics);
  // Close().
  ~SseChannel();
  SseChannel(const SseChannel&) = delete;
  SseChannel& operator=(const SseChannel&) = delete;

  // The event's id. INVALID_ARGUMENT when the event has an id of its own, a
  // name with a line end or the name "reset"; RESOURCE_EXHAUSTED when it has
  // more than keep_bytes; FAILED_PRECONDITION after Close().
  absl::StatusOr<std::string> Publish(SseEvent event);

  Response Subscribe(const Request& request);

  // Ends the subscribers' responses after what was published.
  void Close();

  size_t subscribers() const;
  uint64_t cut() const;  // subscribers that were too slow

 private:
  class Core;
  class Source;

  const std::shared_ptr<Core> core_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SSE_CHANNEL_H_
