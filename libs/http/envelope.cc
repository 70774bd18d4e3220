#include "http/envelope.h"

#include "base/strings.h"
#include "http/reply_fields.h"
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

std::string EndEnvelope(const absl::Status& status, const Metadata& trailers) {
  std::string json = "{";
  if (!status.ok()) StrAppend(&json, "\"error\":", ErrorJson(status));
  if (!trailers.empty()) {
    StrAppend(&json, status.ok() ? "" : ",",
              "\"metadata\":", MetadataJson(trailers));
  }
  return Envelope(kEnvelopeEnd, json + "}");
}

absl::StatusOr<std::vector<Frame>> SplitEnvelopes(std::string_view body) {
  std::vector<Frame> frames;
  while (!body.empty()) {
    uint32_t size = 0;
    for (size_t i = 1; i < kPrefix && i < body.size(); ++i) {
      size = size << 8 | static_cast<uint8_t>(body[i]);
    }
    if (body.size() < kPrefix || body.size() - kPrefix < size) {
      return absl::InvalidArgumentError(
          StrCat("the request ends inside message ", frames.size() + 1));
    }
    const auto flags = static_cast<uint8_t>(body[0]);
    if ((flags & ~kEnvelopeCompressed) != 0) {
      return absl::InvalidArgumentError(StrCat("message ", frames.size() + 1,
                                               " has unknown flags ",
                                               static_cast<int>(flags)));
    }
    frames.push_back(
        {flags == kEnvelopeCompressed, body.substr(kPrefix, size)});
    body.remove_prefix(kPrefix + size);
  }
  return frames;
}

}  // namespace millrace::http
