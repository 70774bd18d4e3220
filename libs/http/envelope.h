// The frames of the Connect protocol's streams: one byte of flags, the size as
// four bytes, high byte first, and the message. Pure functions.
#ifndef MILLRACE_HTTP_ENVELOPE_H_
#define MILLRACE_HTTP_ENVELOPE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "contract/reply_metadata.h"

namespace millrace::http {

inline constexpr uint8_t kEnvelopeCompressed = 1;
inline constexpr uint8_t kEnvelopeEnd = 2;

std::string Envelope(uint8_t flags, std::string_view message);

// The last frame: {"error":{...},"metadata":{"name":["value"]}}, where what is
// nothing is left out.
std::string EndEnvelope(const absl::Status& status, const Metadata& trailers);

struct Frame {
  bool compressed = false;
  std::string_view message;
};

// Takes the first frame of `rest`, which is not empty, from its front; the
// message is a view of it. INVALID_ARGUMENT, which calls the frame `number`,
// when `rest` ends inside it or it has unknown flags.
absl::StatusOr<Frame> TakeEnvelope(std::string_view* rest, size_t number);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_ENVELOPE_H_
