#include "http/options.h"

#include <string_view>

#include "base/strings.h"

namespace millrace::http {
namespace {

absl::Status AtLeast(std::string_view name, size_t value, size_t least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat(name, " is ", value, "; it must be at least ", least));
}

absl::Status Positive(std::string_view name, absl::Duration value) {
  if (value > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(name, " is ",
                                           absl::FormatDuration(value),
                                           "; it must be greater than zero"));
}

absl::Status First(std::initializer_list<absl::Status> all) {
  for (const absl::Status& status : all) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::string HstsOptions::Value() const {
  const int64_t seconds = absl::ToInt64Seconds(max_age);
  if (seconds <= 0) return "";
  return StrCat("max-age=", seconds,
                include_subdomains ? "; includeSubDomains" : "");
}

absl::Status ParserLimits::Validate() const {
  if (max_header_bytes > size_t{16} << 20) {
    return absl::InvalidArgumentError(
        "max_header_bytes must be at most 16 MiB");
  }
  return First({AtLeast("max_request_line_bytes", max_request_line_bytes, 64),
                AtLeast("max_header_bytes", max_header_bytes, 256),
                AtLeast("max_headers", max_headers, 1)});
}

absl::Status ServerOptions::Validate() const {
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        StrCat("port is ", port, "; it must be from 0 to 65535"));
  }
  return First({limits.Validate(), cors.Validate(),
                AtLeast("max_connections", max_connections, 1),
                AtLeast("max_pipelined", max_pipelined, 1),
                AtLeast("max_pending_bytes", max_pending_bytes, 1),
                Positive("handshake_timeout", handshake_timeout),
                Positive("header_timeout", header_timeout),
                Positive("body_timeout", body_timeout),
                Positive("idle_timeout", idle_timeout),
                Positive("send_timeout", send_timeout)});
}

}  // namespace millrace::http
