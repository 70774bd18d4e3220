#include "tools/contracts/document.h"

#include <cassert>
#include <charconv>

#include "base/strings.h"

namespace millrace::contracts {
namespace {

void WriteJson(const Document& value, size_t indent, std::string* out) {
  const std::string inside(indent + 2, ' ');
  const bool array = value.kind() == Document::Kind::kArray;
  switch (value.kind()) {
    case Document::Kind::kNull:
      *out += "null";
      return;
    case Document::Kind::kBool:
    case Document::Kind::kNumber:
      *out += value.text();
      return;
    case Document::Kind::kString:
      *out += QuotedJson(value.text());
      return;
    default:
      break;
  }
  *out += array ? "[" : "{";
  const char* separator = "\n";
  for (const Document& element : value.elements()) {
    StrAppend(out, separator, inside);
    WriteJson(element, indent + 2, out);
    separator = ",\n";
  }
  for (const auto& [name, member] : value.members()) {
    StrAppend(out, separator, inside, QuotedJson(name), ": ");
    WriteJson(member, indent + 2, out);
    separator = ",\n";
  }
  if (!value.empty()) StrAppend(out, "\n", std::string(indent, ' '));
  *out += array ? "]" : "}";
}

}  // namespace

Document::Document(double value) : kind_(Kind::kNumber) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  text_.assign(text, end.ptr);
}

Document Document::Array(std::vector<Document> elements) {
  Document array;
  array.kind_ = Kind::kArray;
  array.elements_ = std::move(elements);
  return array;
}

Document Document::Object(std::vector<Member> members) {
  Document object;
  object.kind_ = Kind::kObject;
  object.members_ = std::move(members);
  return object;
}

Document& Document::operator[](std::string_view name) {
  if (kind_ == Kind::kNull) kind_ = Kind::kObject;
  assert(kind_ == Kind::kObject);
  for (Member& member : members_) {
    if (member.first == name) return member.second;
  }
  return members_.emplace_back(name, Document()).second;
}

const Document* Document::Find(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

void Document::Add(Document element) {
  if (kind_ == Kind::kNull) kind_ = Kind::kArray;
  assert(kind_ == Kind::kArray);
  elements_.push_back(std::move(element));
}

std::string ToJsonText(const Document& document) {
  std::string out;
  WriteJson(document, 0, &out);
  return out + "\n";
}

std::string QuotedJson(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (c == '\t') {
      json += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

}  // namespace millrace::contracts
