#include "http/serializer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strings.h"

namespace millrace::http {
namespace {

constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table = {};
  for (char c = '0'; c <= '9'; ++c) table[c] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[c] = true;
  return table;
}();

bool IsTokenChar(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

// Fields that every answer has, or that the framing decides.
bool IsOurs(std::string_view name) {
  switch (name.size()) {
    case 4:
      return EqualsIgnoreCase(name, "date");
    case 10:
      return EqualsIgnoreCase(name, "connection") ||
             EqualsIgnoreCase(name, "keep-alive");
    case 14:
      return EqualsIgnoreCase(name, "content-length");
    case 17:
      return EqualsIgnoreCase(name, "transfer-encoding");
    case 22:
      return EqualsIgnoreCase(name, "x-content-type-options");
    default:
      return false;
  }
}

void AppendNumber(uint64_t number, int base, std::string* out) {
  char digits[24];
  const auto end =
      std::to_chars(digits, digits + sizeof(digits), number, base).ptr;
  out->append(digits, end);
}

}  // namespace

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

std::string HttpDate(absl::Time time) {
  return absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", time,
                          absl::UTCTimeZone());
}

absl::Status AppendHead(int status, const Headers& headers,
                        const Framing& framing, std::string_view date,
                        std::string* out) {
  if (status < 200 || status > 599) {
    return absl::InternalError(
        StrCat("a handler answered with the impossible status ", status));
  }
  for (const auto [name, value] : headers) {
    if (!IsToken(name) || !IsFieldValue(value)) {
      return absl::InternalError(
          StrCat("a handler set a malformed response header: ",
                 IsToken(name) ? name : "(bad name)"));
    }
  }
  out->append(framing.http10 ? "HTTP/1.0 " : "HTTP/1.1 ");
  AppendNumber(status, 10, out);
  out->push_back(' ');
  out->append(ReasonPhrase(status));
  out->append("\r\nDate: ");
  out->append(date);
  out->append("\r\nX-Content-Type-Options: nosniff");
  for (const auto [name, value] : headers) {
    if (IsOurs(name)) continue;
    out->append("\r\n");
    out->append(name);
    out->append(": ");
    out->append(value);
  }
  if (framing.length) {
    out->append("\r\nContent-Length: ");
    AppendNumber(*framing.length, 10, out);
  } else if (framing.chunked) {
    out->append("\r\nTransfer-Encoding: chunked");
  }
  if (!framing.keep_alive) {
    out->append("\r\nConnection: close");
  } else if (framing.http10) {
    out->append("\r\nConnection: keep-alive");
  }
  out->append("\r\n\r\n");
  return absl::OkStatus();
}

void AppendChunk(std::string_view data, std::string* out) {
  if (data.empty()) return;
  AppendNumber(data.size(), 16, out);
  out->append("\r\n");
  out->append(data);
  out->append("\r\n");
}

}  // namespace millrace::http
