// YAML by hand, since what yaml-cpp writes plain ("1.0", "on") it and others
// read back as a number or a bool. Three styles of text are enough: plain where
// nothing can be misread, a literal block for lines, JSON's quotes elsewhere.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "tools/contracts/document.h"

namespace millrace::contracts {
namespace {

bool IsPlainCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view(" _-./$+()@,;=<>%'").find(c) !=
             std::string_view::npos;
}

// Whether a reader of any version of YAML takes it for this text.
bool IsPlain(std::string_view text) {
  if (text.empty() || text.back() == ' ' ||
      !absl::ascii_isalpha(static_cast<unsigned char>(text[0])) ||
      !std::all_of(text.begin(), text.end(), IsPlainCharacter)) {
    return false;
  }
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null",
                           "y", "n", "inf", "nan"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), word)) return false;
  }
  return true;
}

// Lines without control characters, the first not indented.
bool IsBlock(std::string_view text) {
  return text.find('\n') != std::string_view::npos && text[0] != ' ' &&
         text[0] != '\n' && text.find("\n\n\n") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return c == '\n' || (byte >= 0x20 && byte < 0x7f);
         });
}

std::string Block(std::string_view text, size_t indent) {
  const bool ends = text.back() == '\n';
  if (ends) text.remove_suffix(1);
  std::string out = ends ? "|" : "|-";
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    out += '\n';
    if (!line.empty()) StrAppend(&out, std::string(indent, ' '), line);
  }
  return out;
}

std::string Scalar(const Document& value, size_t indent) {
  if (value.kind() == Document::Kind::kArray) return "[]";
  if (value.kind() == Document::Kind::kObject) return "{}";
  if (value.kind() == Document::Kind::kNull) return "null";
  const std::string& text = value.text();
  if (value.kind() != Document::Kind::kString || IsPlain(text)) return text;
  if (IsBlock(text) && text.substr(text.size() - 2) != "\n\n") {
    return Block(text, indent);
  }
  return QuotedJson(text);
}

std::string Key(const std::string& name) {
  return IsPlain(name) ? name : QuotedJson(name);
}

// `out` stands where the first line of the value is to begin, at `indent`.
void WriteYaml(const Document& value, size_t indent, std::string* out) {
  const std::string margin(indent, ' ');
  bool first = true;
  const auto begin_line = [&] {
    if (!first) *out += margin;
    first = false;
  };
  for (const auto& [name, member] : value.members()) {
    begin_line();
    StrAppend(out, Key(name), ":");
    if (member.empty()) {
      StrAppend(out, " ", Scalar(member, indent + 2), "\n");
    } else {
      StrAppend(out, "\n", margin, "  ");
      WriteYaml(member, indent + 2, out);
    }
  }
  for (const Document& element : value.elements()) {
    begin_line();
    *out += "- ";
    if (element.empty()) {
      StrAppend(out, Scalar(element, indent + 2), "\n");
    } else {
      WriteYaml(element, indent + 2, out);
    }
  }
}

}  // namespace

std::string ToYamlText(const Document& document) {
  std::string out;
  if (document.empty()) return Scalar(document, 2) + "\n";
  WriteYaml(document, 0, &out);
  return out;
}

}  // namespace millrace::contracts
