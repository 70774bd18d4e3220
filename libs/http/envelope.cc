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

absl::StatusOr<Frame> TakeEnvelope(std::string_view* rest, size_t number) {
  uint32_t size = 0;
  for (size_t i = 1; i < kPrefix && i < rest->size(); ++i) {
    size = size << 8 | static_cast<uint8_t>((*rest)[i]);
  }
  if (rest->size() < kPrefix || rest->size() - kPrefix < size) {
    return absl::InvalidArgumentError(
        StrCat("the request ends inside message ", number));
  }
  const auto flags = static_cast<uint8_t>((*rest)[0]);
  if ((flags & ~kEnvelopeCompressed) != 0) {
    return absl::InvalidArgumentError(StrCat(
        "message ", number, " has unknown flags ", static_cast<int>(flags)));
  }
  const Frame frame = {flags == kEnvelopeCompressed,
                       rest->substr(kPrefix, size)};
  rest->remove_prefix(kPrefix + size);
  return frame;
}

}  // namespace millrace::http
