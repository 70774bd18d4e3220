#include <cmath>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "runtime/logs.h"

namespace millrace::runtime {
namespace {

// The length of the UTF-8 sequence that `text` begins with, 0 when it is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto follows = [&](size_t i) {
    return i < text.size() && (byte(i) & 0xC0) == 0x80;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    size_t length = SequenceLength(text);
    if (length == 0) {
      out += "\\ufffd";
      length = 1;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
      out += absl::StrFormat("\\u%04x", static_cast<int>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

void AppendValue(const LogField::Value& value, std::string& out) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    AppendQuoted(*text, out);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    StrAppend(&out, *number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    // JSON has no infinity and no NaN.
    if (std::isfinite(*real)) {
      StrAppend(&out, *real);
    } else {
      out += "null";
    }
  } else {
    out += std::get<bool>(value) ? "true" : "false";
  }
}

}  // namespace

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "debug";
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

Severity SeverityOf(std::string_view name) {
  for (const Severity severity :
       {Severity::kDebug, Severity::kInfo, Severity::kWarning}) {
    if (name == NameOf(severity)) return severity;
  }
  return Severity::kError;
}

std::string JsonText(std::string_view text) {
  std::string quoted;
  AppendQuoted(text, quoted);
  return quoted;
}

std::string FormatLogLine(absl::Time time, Severity severity,
                          std::string_view message, std::string_view fixed,
                          absl::Span<const LogField> fields) {
  std::string line = "{\"ts\":\"";
  line.reserve(256);
  StrAppend(
      &line,
      absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()),
      "\",\"level\":\"", NameOf(severity), "\",\"msg\":");
  AppendQuoted(message, line);
  line += fixed;
  for (const LogField& field : fields) {
    line += ',';
    AppendQuoted(field.key, line);
    line += ':';
    AppendValue(field.value, line);
  }
  line += '}';
  return line;
}

}  // namespace millrace::runtime
