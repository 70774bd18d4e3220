#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "rpc/http2_fields_internal.h"

namespace millrace::rpc {
namespace {

constexpr std::string_view kGrpc = "application/grpc";
constexpr std::string_view kBinary = "-bin";

constexpr std::string_view kCodes[] = {"0",  "1",  "2",  "3",  "4",  "5",
                                       "6",  "7",  "8",  "9",  "10", "11",
                                       "12", "13", "14", "15", "16"};

uint8_t* Bytes(std::string_view text) {
  // nghttp2 reads through pointers that are not const.
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));  // NOLINT
}

// The text of an error as a field may have it.
std::string PercentEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '%') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

// Without padding, as gRPC sends it.
std::string Base64(std::string_view bytes) {
  std::string text = absl::Base64Escape(ToAbsl(bytes));
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

bool IsGrpcProto(std::string_view content_type) {
  if (!content_type.starts_with(kGrpc)) return false;
  content_type.remove_prefix(kGrpc.size());
  if (content_type.starts_with("+proto")) content_type.remove_prefix(6);
  return content_type.empty() || content_type.front() == ';';
}

std::optional<absl::Duration> ParseTimeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  int64_t amount = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, amount);
  if (error != std::errc() || stop != end || amount < 0) return std::nullopt;
  switch (text.back()) {
    case 'H':
      return absl::Hours(amount);
    case 'M':
      return absl::Minutes(amount);
    case 'S':
      return absl::Seconds(amount);
    case 'm':
      return absl::Milliseconds(amount);
    case 'u':
      return absl::Microseconds(amount);
    case 'n':
      return absl::Nanoseconds(amount);
    default:
      return std::nullopt;
  }
}

bool IsMetadata(std::string_view name) {
  if (name.starts_with(':')) return false;
  if (name.starts_with("grpc-")) {
    // Contexts of tracing and of tags, which are for whoever reads them.
    return name.ends_with(kBinary) && name != "grpc-status-details-bin";
  }
  return name != "te" && name != "content-type";
}

bool AddMetadata(std::string_view name, std::string_view value,
                 Metadata* metadata) {
  if (!name.ends_with(kBinary)) {
    metadata->emplace_back(name, value);
    return true;
  }
  for (;;) {
    const size_t comma = std::min(value.find(','), value.size());
    std::string_view part = value.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    std::string bytes;
    if (!absl::Base64Unescape(ToAbsl(part), &bytes)) return false;
    metadata->emplace_back(name, std::move(bytes));
    if (comma == value.size()) return true;
    value.remove_prefix(comma + 1);
  }
}

Http2Fields Http2Fields::ReplyHeaders() {
  Http2Fields fields;
  fields.fields_.reserve(6);
  fields.AddStatic(":status", "200");
  fields.AddStatic("content-type", kGrpc);
  fields.AddStatic("grpc-accept-encoding", "identity,gzip");
  return fields;
}

Http2Fields Http2Fields::PlainReply(std::string_view http_status,
                                    std::string_view text) {
  Http2Fields fields;
  fields.AddStatic(":status", http_status);
  fields.AddStatic("grpc-status", kCodes[2]);
  fields.AddCopied("grpc-message", PercentEncode(text));
  return fields;
}

void Http2Fields::Add(const Metadata& metadata) {
  for (const auto& [name, value] : metadata) {
    AddCopied(name, std::string_view(name).ends_with(kBinary) ? Base64(value)
                                                              : value);
  }
}

void Http2Fields::AddStatus(const WireStatus& status) {
  const bool known = status.code >= 0 && status.code <= 16;
  AddStatic("grpc-status", kCodes[known ? status.code : 2]);
  if (!status.text.empty()) {
    AddCopied("grpc-message", PercentEncode(status.text));
  }
  if (!status.details.empty()) {
    AddCopied("grpc-status-details-bin", Base64(status.details));
  }
}

void Http2Fields::AddStatic(std::string_view name, std::string_view value) {
  fields_.push_back(
      {Bytes(name), Bytes(value), name.size(), value.size(),
       NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE});
}

void Http2Fields::AddCopied(std::string_view name, std::string value) {
  const std::string& kept_name = owned_.emplace_back(name);
  const std::string& kept = owned_.emplace_back(std::move(value));
  fields_.push_back({Bytes(kept_name), Bytes(kept), kept_name.size(),
                     kept.size(), NGHTTP2_NV_FLAG_NONE});
}

}  // namespace millrace::rpc
