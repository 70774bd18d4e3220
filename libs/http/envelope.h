// The frames of the Connect protocol's streams: one byte of flags, the size as
// four bytes, high byte first, and the message. Pure functions.
#ifndef MILLRACE_HTTP_ENVELOPE_H_
#define MILLRACE_HTTP_ENVELOPE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::http {

inline constexpr uint8_t kEnvelopeCompressed = 1;
inline constexpr uint8_t kEnvelopeEnd = 2;

std::string Envelope(uint8_t flags, std::string_view message);

// The last frame: {} or {"error":{...}}.
std::string EndEnvelope(const absl::Status& status);

// The messages in `body`, as views of it. INVALID_ARGUMENT when it ends inside
// a frame or has unknown flags, UNIMPLEMENTED when one is compressed.
absl::StatusOr<std::vector<std::string_view>> SplitEnvelopes(
    std::string_view body);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_ENVELOPE_H_
