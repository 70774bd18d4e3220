#include "contract/json_string.h"

#include <algorithm>
#include <array>

#include "contract/utf8.h"

namespace millrace {
namespace {

// What a string may hold as it is, ASCII only.
constexpr std::array<bool, 256> PlainBytes() {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7F; ++c) {
    plain[c] = c != '"' && c != '\\' && c != '<' && c != '>';
  }
  return plain;
}
constexpr std::array<bool, 256> kPlain = PlainBytes();

bool IsPlain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

void AppendEscape(char c, std::string* json) {
  static constexpr std::string_view kNames = "\"\\bfnrt";
  static constexpr std::string_view kValues = "\"\\\b\f\n\r\t";
  static constexpr std::string_view kHex = "0123456789abcdef";
  json->push_back('\\');
  if (const size_t index = kValues.find(c); index != kValues.npos) {
    return json->push_back(kNames[index]);
  }
  const auto byte = static_cast<unsigned char>(c);
  json->append("u00");
  json->push_back(kHex[byte >> 4]);
  json->push_back(kHex[byte & 0xF]);
}

// Appends the character beyond ASCII that `text` begins with; its length.
size_t AppendCharacter(std::string_view text, std::string* json) {
  const size_t length = Utf8SequenceLength(text);
  const std::string_view character = text.substr(0, length);
  if (length == 0) {
    json->append("\uFFFD");
  } else if (character == "\u2028") {
    // This and the next end a line in JavaScript.
    json->append("\\u2028");
  } else if (character == "\u2029") {
    json->append("\\u2029");
  } else {
    json->append(character);
  }
  return std::max<size_t>(length, 1);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* json) {
  json->push_back('"');
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    json->append(text, 0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      AppendEscape(text[0], json);
      text.remove_prefix(1);
    } else {
      text.remove_prefix(AppendCharacter(text, json));
    }
  }
  json->push_back('"');
}

std::string JsonString(std::string_view text) {
  std::string json;
  json.reserve(text.size() + 2);
  AppendJsonString(text, &json);
  return json;
}

}  // namespace millrace
