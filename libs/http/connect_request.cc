#include "http/connect_request.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "contract/json.h"
#include "http/connect.h"
#include "http/gzip.h"
#include "http/url.h"

namespace millrace::http {
namespace {

// Fields about the connection and the encoding, which are no metadata.
bool IsOwnField(std::string_view name) {
  constexpr std::string_view kOwn[] = {"accept",           "accept-encoding",
                                       "connection",       "content-encoding",
                                       "expect",           "content-length",
                                       "content-type",     "host",
                                       "keep-alive",       "te",
                                       "proxy-connection", "trailer",
                                       "upgrade",          "transfer-encoding"};
  return name.starts_with("connect-") ||
         std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn);
}

Metadata ToMetadata(const Headers& headers) {
  Metadata metadata;
  for (const auto [name, value] : headers) {
    std::string key = absl::AsciiStrToLower(ToAbsl(name));
    if (IsOwnField(key)) continue;
    std::string decoded;
    const bool binary =
        key.ends_with("-bin") && absl::Base64Unescape(ToAbsl(value), &decoded);
    metadata.emplace_back(std::move(key),
                          binary ? std::move(decoded) : std::string(value));
  }
  return metadata;
}

absl::StatusOr<absl::Time> Deadline(std::string_view text) {
  if (text.empty()) return absl::InfiniteFuture();
  int64_t milliseconds = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error != std::errc() || end != text.data() + text.size() ||
      milliseconds < 0 || text.size() > 10) {
    return absl::InvalidArgumentError(
        StrCat("Connect-Timeout-Ms is \"", text.substr(0, 40),
               "\"; it must be a number of at most ten digits"));
  }
  return absl::Now() + absl::Milliseconds(milliseconds);
}

absl::Status CheckVersion(std::string_view version) {
  if (version.empty() || version == "1") return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("Connect-Protocol-Version is \"",
                                           version.substr(0, 40),
                                           "\"; 1 is spoken here"));
}

}  // namespace

absl::StatusOr<Coding> CodingOf(std::string_view name) {
  if (name.empty() || EqualsIgnoreCase(name, "identity")) {
    return Coding::kIdentity;
  }
  if (EqualsIgnoreCase(name, "gzip")) return Coding::kGzip;
  return absl::UnimplementedError(
      StrCat("the compression \"", name.substr(0, 40),
             "\" is not known; there are gzip and identity"));
}

absl::StatusOr<std::string> Expand(Coding coding, std::string bytes,
                                   size_t limit) {
  // Clients leave an empty message as it is, whatever they say of it.
  if (coding == Coding::kGzip && !bytes.empty()) return Gunzip(bytes, limit);
  if (bytes.size() <= limit) return bytes;
  return absl::ResourceExhaustedError(StrCat("the message has ", bytes.size(),
                                             " bytes; at most ", limit,
                                             " are taken, send it in parts"));
}

std::optional<Codec> CodecOf(std::string_view content_type,
                             std::string_view prefix) {
  const std::string_view type = Trim(content_type.substr(
      0, std::min(content_type.find(';'), content_type.size())));
  if (type.size() <= prefix.size() ||
      !EqualsIgnoreCase(type.substr(0, prefix.size()), prefix)) {
    return std::nullopt;
  }
  const std::string_view name = type.substr(prefix.size());
  if (EqualsIgnoreCase(name, "json")) return Codec::kJson;
  if (EqualsIgnoreCase(name, "proto")) return Codec::kProto;
  return std::nullopt;
}

std::string ContentType(Codec codec, std::string_view prefix) {
  return StrCat(prefix, codec == Codec::kJson ? "json" : "proto");
}

absl::StatusOr<MessagePtr> Decode(const MethodInfo& method, Codec codec,
                                  std::string_view bytes) {
  MessagePtr message(method.request().New());
  if (codec == Codec::kJson) {
    const absl::Status status = FromJson(bytes, message.get());
    if (!status.ok()) return status;
  } else if (!message->ParseFromArray(bytes.data(),
                                      static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError(StrCat("the body is no ",
                                             message->GetTypeName(),
                                             " in protobuf's binary form"));
  }
  return message;
}

absl::StatusOr<std::string> Encode(Codec codec, const Message& message) {
  if (codec == Codec::kJson) return ToJson(message);
  return message.SerializeAsString();
}

absl::StatusOr<MessagePtr> DecodeQuery(const MethodInfo& method,
                                       std::string_view query, size_t limit,
                                       Codec* codec) {
  absl::StatusOr<QueryParams> params = ParseQuery(query);
  if (!params.ok()) return params.status();
  std::string encoding = "json";
  std::optional<std::string> text;
  std::string compression;
  bool base64 = false;
  for (auto& [name, value] : *params) {
    if (name == "encoding") encoding = value;
    if (name == "message") text = std::move(value);
    if (name == "base64") base64 = value == "1";
    if (name == "connect" && value != "v1") {
      return absl::InvalidArgumentError(
          StrCat("connect=", value, " is not spoken here; connect=v1 is"));
    }
    if (name == "compression") compression = value;
  }
  if (encoding != "json" && encoding != "proto") {
    return absl::InvalidArgumentError(
        StrCat("encoding=", encoding, " is not known; use json or proto"));
  }
  *codec = encoding == "json" ? Codec::kJson : Codec::kProto;
  const absl::StatusOr<Coding> coding = CodingOf(compression);
  if (!coding.ok()) return coding.status();
  if (!text) return Decode(method, *codec, *codec == Codec::kJson ? "{}" : "");
  if (base64) {
    std::string decoded;
    if (!absl::WebSafeBase64Unescape(*text, &decoded)) {
      return absl::InvalidArgumentError(
          "message is not in URL-safe base64, as base64=1 says");
    }
    text = std::move(decoded);
  }
  const absl::StatusOr<std::string> bytes =
      Expand(*coding, *std::move(text), limit);
  if (!bytes.ok()) return bytes.status();
  return Decode(method, *codec, *bytes);
}

absl::StatusOr<IncomingCall> ToIncoming(const Target& target,
                                        const Request& request) {
  const Headers& headers = request.headers;
  const absl::Status status =
      CheckVersion(headers.Get("Connect-Protocol-Version"));
  if (!status.ok()) return status;
  absl::StatusOr<absl::Time> deadline =
      Deadline(headers.Get("Connect-Timeout-Ms"));
  if (!deadline.ok()) return deadline.status();
  IncomingCall call = CallOf(request);
  call.binding = target.binding;
  call.method = target.method;
  call.deadline = *deadline;
  return call;
}

IncomingCall CallOf(const Request& request) {
  IncomingCall call;
  call.metadata = ToMetadata(request.headers);
  call.peer = request.peer;
  call.peer_subject = request.peer_subject;
  call.signal = request.signal;
  call.face = "http";
  call.reply = ReplyMetadata::Make();
  return call;
}

}  // namespace millrace::http
