#include "http/envelope.h"

#include "base/strings.h"
#include "http/status_mapping.h"

namespace millrace::http {
namespace {

constexpr size_t kPrefix = 5;

}  // namespace

std::string Envelope(uint8_t flags, std::string_view message) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string frame;
  frame.reserve(kPrefix + message.size());
  frame.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) {
    frame.push_back(static_cast<char>(size >> shift & 0xff));
  }
  frame.append(message);
  return frame;
}

std::string EndEnvelope(const absl::Status& status) {
  return Envelope(kEnvelopeEnd,
                  status.ok() ? std::string("{}")
                              : StrCat("{\"error\":", ErrorJson(status), "}"));
}

absl::StatusOr<std::vector<std::string_view>> SplitEnvelopes(
    std::string_view body) {
  std::vector<std::string_view> messages;
  while (!body.empty()) {
    uint32_t size = 0;
    for (size_t i = 1; i < kPrefix && i < body.size(); ++i) {
      size = size << 8 | static_cast<uint8_t>(body[i]);
    }
    if (body.size() < kPrefix || body.size() - kPrefix < size) {
      return absl::InvalidArgumentError(
          StrCat("the request ends inside message ", messages.size() + 1));
    }
    const auto flags = static_cast<uint8_t>(body[0]);
    if (flags & kEnvelopeCompressed) {
      return absl::UnimplementedError(
          "compressed messages are not taken; send them as they are");
    }
    if (flags != 0) {
      return absl::InvalidArgumentError(StrCat("message ", messages.size() + 1,
                                               " has unknown flags ",
                                               static_cast<int>(flags)));
    }
    messages.push_back(body.substr(kPrefix, size));
    body.remove_prefix(kPrefix + size);
  }
  return messages;
}

}  // namespace millrace::http
