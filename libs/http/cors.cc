#include "http/cors.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/strings.h"

namespace millrace::http {
namespace {

constexpr char kAll[] = "*";
constexpr std::string_view kBelow = "*.";

bool IsHostCharacter(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-' ||
         c == '.';
}

bool IsHost(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    return text.size() > 2 &&
           std::all_of(text.begin() + 1, text.end() - 1, [](unsigned char c) {
             return absl::ascii_isxdigit(c) || c == ':' || c == '.';
           });
  }
  return !text.empty() && !text.starts_with('.') &&
         std::all_of(text.begin(), text.end(), &IsHostCharacter);
}

// As browsers write it: in small letters, without the scheme's own port.
bool IsOrigin(std::string_view text) {
  const size_t colon = text.find("://");
  if (colon == text.npos) return false;
  const std::string_view scheme = text.substr(0, colon);
  std::string_view host = text.substr(colon + 3);
  if (const size_t at = host.find_last_of(":]");
      at != host.npos && host[at] == ':') {
    int port = 0;
    const std::string_view digits = host.substr(at + 1);
    if (!absl::SimpleAtoi(ToAbsl(digits), &port) || port < 1 || port > 65535 ||
        digits != std::to_string(port) ||
        port == (scheme == "https" ? 443 : 80)) {
      return false;
    }
    host = host.substr(0, at);
  }
  if (scheme != "https" && scheme != "http") return false;
  if (host.starts_with(kBelow)) host.remove_prefix(kBelow.size());
  return IsHost(host);
}

// Whether `origin` is a host below what `pattern`, "https://*.example.org", has
// behind the star.
bool IsBelow(std::string_view origin, std::string_view pattern) {
  const size_t star = pattern.find(kBelow);
  if (star == pattern.npos) return false;
  const std::string_view scheme = pattern.substr(0, star);
  const std::string_view domain = pattern.substr(star + 1);
  return origin.size() > scheme.size() + domain.size() &&
         origin.starts_with(scheme) && origin.ends_with(domain) &&
         IsHost(origin.substr(scheme.size(),
                              origin.size() - scheme.size() - domain.size()));
}

// Fields that pages may read anyway, and those that tell them nothing.
bool NeedsNoLeave(std::string_view name) {
  for (const std::string_view known :
       {"Cache-Control", "Content-Language", "Content-Length", "Content-Type",
        "Expires", "Last-Modified", "Pragma", "Vary"}) {
    if (EqualsIgnoreCase(name, known)) return true;
  }
  return false;
}

std::string ReadableFields(const Headers& headers) {
  std::vector<std::string_view> names;
  std::string list;
  for (const Headers::Field& field : headers) {
    const auto same = [&](std::string_view name) {
      return EqualsIgnoreCase(name, field.name);
    };
    if (NeedsNoLeave(field.name) ||
        std::any_of(names.begin(), names.end(), same)) {
      continue;
    }
    names.push_back(field.name);
    StrAppend(&list, list.empty() ? "" : ", ", field.name);
  }
  return list;
}

}  // namespace

absl::Status CorsOptions::Validate() const {
  for (const std::string& origin : origins) {
    if (origin == kAll || IsOrigin(origin)) continue;
    return absl::InvalidArgumentError(StrCat(
        "'", origin,
        "' is not an origin as browsers write it, for example "
        "https://app.example.org, or https://*.example.org for all hosts "
        "below: small letters, no path, no port that is the scheme's own"));
  }
  if (max_age < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the age of preflights is negative");
  }
  return absl::OkStatus();
}

Cors::Cors(CorsOptions options)
    : options_(std::move(options)),
      all_(std::find(options_.origins.begin(), options_.origins.end(), kAll) !=
           options_.origins.end()) {}

Cors::Asked Cors::AskedBy(std::string_view method, const Headers& headers) {
  Asked asked;
  asked.origin = headers.Get("Origin");
  asked.preflight =
      method == "OPTIONS" && headers.Has("Access-Control-Request-Method");
  if (asked.preflight) {
    asked.headers = headers.GetJoined("Access-Control-Request-Headers");
  }
  return asked;
}

bool Cors::Allows(std::string_view origin) const {
  return all_ || std::any_of(options_.origins.begin(), options_.origins.end(),
                             [&](const std::string& allowed) {
                               return origin == allowed ||
                                      IsBelow(origin, allowed);
                             });
}

void Cors::Complete(const Asked& asked, Response* response) const {
  Headers& headers = response->headers;
  if (asked.preflight) {
    headers.Add("Vary",
                "Origin, Access-Control-Request-Method, "
                "Access-Control-Request-Headers");
  } else if (!all_) {
    headers.Add("Vary", "Origin");
  }
  if (asked.origin.empty() || !Allows(asked.origin)) return;
  if (asked.preflight) {
    headers.Set("Access-Control-Allow-Methods", headers.GetJoined("Allow"));
    if (!asked.headers.empty()) {
      headers.Set("Access-Control-Allow-Headers", asked.headers);
    }
    headers.Set("Access-Control-Max-Age",
                StrCat(absl::ToInt64Seconds(options_.max_age)));
  } else if (const std::string readable = ReadableFields(headers);
             !readable.empty()) {
    headers.Set("Access-Control-Expose-Headers", readable);
  }
  headers.Set("Access-Control-Allow-Origin", all_ ? kAll : asked.origin);
}

}  // namespace millrace::http
