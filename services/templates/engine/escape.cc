#include "services/templates/engine/escape.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "base/strings.h"
#include "services/templates/engine/escape_html.h"

namespace millrace::templates {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

bool IsAlphanumeric(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

// Everything that could end the value or begin something else.
void WriteUnquoted(std::string_view text, Output* out) {
  static constexpr char kBad[] = "&<>\"'`= \t\n\f\r\v";
  for (const char c : text) {
    if (c != '\0' && std::strchr(kBad, c) == nullptr) {
      out->Write({&c, 1});
      continue;
    }
    out->Write("&#");
    out->Write(std::to_string(static_cast<unsigned char>(c)));
    out->Write(";");
  }
}

void WritePercent(unsigned char c, Output* out) {
  const char escaped[] = {'%', kHex[c >> 4], kHex[c & 15]};
  out->Write({escaped, 3});
}

void WriteUrlQuery(std::string_view text, Output* out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsAlphanumeric(byte) ||
        (c != '\0' && std::strchr("-_.~", c) != nullptr)) {
      out->Write({&c, 1});
    } else {
      WritePercent(byte, out);
    }
  }
}

// Keeps what has a meaning in a URL, escapes of its own among it; colons only
// from `colons` on.
void WriteUrlPart(std::string_view text, Output* out, size_t colons = 0) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const auto is_hex = [&](size_t at) {
      return at < text.size() &&
             std::strchr("0123456789abcdefABCDEF", text[at]) != nullptr &&
             text[at] != '\0';
    };
    if (c == '&') {
      out->Write("&amp;");
    } else if (IsAlphanumeric(byte) || (c == ':' && i >= colons) ||
               (c != '\0' && std::strchr("-_.~!#$*+,/;=?@[]", c) != nullptr) ||
               (c == '%' && is_hex(i + 1) && is_hex(i + 2))) {
      out->Write({&c, 1});
    } else {
      WritePercent(byte, out);
    }
  }
}

// A scheme is what stands before the first colon, unless a path, a query or a
// fragment has begun.
bool HasHarmlessScheme(std::string_view url) {
  const size_t colon = url.find_first_of(":/?#");
  if (colon == url.npos || url[colon] != ':') return true;
  const std::string_view scheme = url.substr(0, colon);
  for (const char* known : {"http", "https", "mailto", "tel"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(scheme), known)) return true;
  }
  return false;
}

// Behind other values, with which it can make no scheme but one that ends in a
// harmless one.
void WriteUrlRest(std::string_view text, Output* out) {
  WriteUrlPart(text, out,
               HasHarmlessScheme(text)
                   ? 0
                   : std::min(text.find_first_of("/?#"), text.size()));
}

// Nothing of it can end the string, the script element or the attribute.
void WriteJsString(std::string_view text, Output* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    // U+2028 and U+2029 end lines of JavaScript.
    if (byte == 0xE2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
        (text[i + 2] == '\xA8' || text[i + 2] == '\xA9')) {
      out->Write(text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029");
      i += 2;
    } else if (byte < 0x20 || byte == 0x7F ||
               std::strchr("\\'\"`<>&=/$", c) != nullptr) {
      const char escaped[] = {'\\',           'u', '0', '0', kHex[byte >> 4],
                              kHex[byte & 15]};
      out->Write({escaped, 6});
    } else {
      out->Write({&c, 1});
    }
  }
}

void WriteJsValue(const Value& value, bool in_attribute, Output* out) {
  const std::string_view quote = in_attribute ? "&quot;" : "\"";
  switch (value.kind) {
    case Kind::kString:
      out->Write(quote);
      WriteJsString(value.text_view(), out);
      out->Write(quote);
      break;
    case Kind::kNumber:
      // Spaces, so that "-{{x}}" is no decrement.
      out->Write(" ");
      out->Write(value.text_view());
      out->Write(" ");
      break;
    case Kind::kTrue:
      out->Write("true");
      break;
    case Kind::kFalse:
      out->Write("false");
      break;
    default:
      out->Write("null");
  }
}

}  // namespace

void WriteEscaped(std::string_view text, Escape escape, Output* out) {
  switch (escape) {
    case Escape::kNone:
      out->WritePadded(text.data(), text.size());
      break;
    case Escape::kHtml:
      WriteHtml<false>(text, out);
      break;
    case Escape::kHtmlStrict:
      WriteHtml<true>(text, out);
      break;
    case Escape::kUnquoted:
      WriteUnquoted(text, out);
      break;
    case Escape::kUrl:
      if (!HasHarmlessScheme(text)) {
        out->Write("#blocked-url");
        break;
      }
      [[fallthrough]];
    case Escape::kUrlPart:
      WriteUrlPart(text, out);
      break;
    case Escape::kUrlRest:
      WriteUrlRest(text, out);
      break;
    case Escape::kUrlQuery:
      WriteUrlQuery(text, out);
      break;
    case Escape::kJsString:
      WriteJsString(text, out);
      break;
    case Escape::kJsValue:
    case Escape::kJsAttribute: {
      Value value;
      value.kind = Kind::kString;
      value.size = static_cast<uint32_t>(text.size());
      value.text = text.data();
      WriteJsValue(value, escape == Escape::kJsAttribute, out);
    }
  }
}

void WriteValue(const Value& value, Escape escape, Output* out) {
  if (escape >= Escape::kJsValue) {
    WriteJsValue(value, escape == Escape::kJsAttribute, out);
    return;
  }
  switch (value.kind) {
    case Kind::kString:
    case Kind::kNumber:
      WriteEscaped(value.text_view(), escape, out);
      break;
    case Kind::kTrue:
      out->Write("true");
      break;
    case Kind::kFalse:
      out->Write("false");
      break;
    default:
      break;
  }
}

}  // namespace millrace::templates
