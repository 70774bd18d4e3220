#include "tools/millrace/loop_scenario.h"

#include <charconv>
#include <cstdio>

#include "base/strings.h"

namespace millrace {
namespace {

constexpr int kMaxDepth = 1000;

void AppendUtf8(std::string* text, unsigned code) {
  if (code < 0x80) {
    *text += static_cast<char>(code);
  } else if (code < 0x800) {
    *text += static_cast<char>(0xC0 | (code >> 6));
    *text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *text += static_cast<char>(0xE0 | (code >> 12));
    *text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *text += static_cast<char>(0xF0 | (code >> 18));
    *text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// The halves of a character beyond 16 bits, as \u escapes write it.
constexpr bool IsHigh(unsigned code) { return code >> 10 == 0xD800 >> 10; }
constexpr bool IsLow(unsigned code) { return code >> 10 == 0xDC00 >> 10; }

class Parser {
 public:
  explicit Parser(std::string_view json) : json_(json) {}

  absl::StatusOr<ScenarioValue> Parse() {
    ScenarioValue value;
    if (!Value(&value, 0)) return Error();
    Space();
    if (at_ != json_.size()) return Error();
    return value;
  }

 private:
  using Kind = ScenarioValue::Kind;

  absl::Status Error() const {
    return absl::InvalidArgumentError(
        StrCat("the scenario is not valid JSON at byte ", at_));
  }

  void Space() {
    while (at_ < json_.size() &&
           std::string_view(" \t\r\n").find(json_[at_]) != json_.npos) {
      ++at_;
    }
  }

  bool Take(std::string_view word) {
    Space();
    if (json_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool Value(ScenarioValue* value, int depth) {
    if (depth > kMaxDepth) return false;
    if (Take("null")) return true;
    if (Take("true")) return Bool(value, true);
    if (Take("false")) return Bool(value, false);
    if (Take("\"")) {
      value->kind = Kind::kString;
      return String(&value->text);
    }
    if (Take("[")) {
      value->kind = Kind::kArray;
      return Array(value, depth);
    }
    if (Take("{")) {
      value->kind = Kind::kObject;
      return Object(value, depth);
    }
    return Number(value);
  }

  static bool Bool(ScenarioValue* value, bool boolean) {
    value->kind = Kind::kBool;
    value->boolean = boolean;
    return true;
  }

  bool Number(ScenarioValue* value) {
    value->kind = Kind::kNumber;
    const char* const end = json_.data() + json_.size();
    const auto result = std::from_chars(json_.data() + at_, end, value->number);
    if (result.ec != std::errc()) return false;
    at_ = result.ptr - json_.data();
    return true;
  }

  bool HexDigits(unsigned* code) {
    const char* digits = json_.data() + at_;
    if (json_.size() - at_ < 4 ||
        std::from_chars(digits, digits + 4, *code, 16).ptr != digits + 4) {
      return false;
    }
    at_ += 4;
    return true;
  }

  // After the opening quote.
  bool String(std::string* text) {
    while (at_ < json_.size()) {
      const char c = json_[at_++];
      if (c == '"') return true;
      if (c != '\\') {
        *text += c;
        continue;
      }
      if (at_ == json_.size()) return false;
      const char escape = json_[at_++];
      constexpr std::string_view kEscapes = "\"\\/bfnrt";
      if (escape == 'u') {
        unsigned code = 0;
        if (!HexDigits(&code)) return false;
        // A lone half is kept as it is, in JavaScript too.
        if (IsHigh(code) && json_.substr(at_, 2) == "\\u") {
          const size_t after_high = at_;
          at_ += 2;
          unsigned low = 0;
          if (!HexDigits(&low)) return false;
          if (IsLow(low)) {
            code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
          } else {
            at_ = after_high;
          }
        }
        AppendUtf8(text, code);
      } else if (const size_t i = kEscapes.find(escape); i != json_.npos) {
        *text += "\"\\/\b\f\n\r\t"[i];
      } else {
        return false;
      }
    }
    return false;
  }

  bool Array(ScenarioValue* value, int depth) {
    if (Take("]")) return true;
    do {
      value->items.emplace_back();
      if (!Value(&value->items.back(), depth + 1)) return false;
    } while (Take(","));
    return Take("]");
  }

  bool Object(ScenarioValue* value, int depth) {
    if (Take("}")) return true;
    do {
      value->keys.emplace_back();
      value->items.emplace_back();
      if (!Take("\"") || !String(&value->keys.back()) || !Take(":") ||
          !Value(&value->items.back(), depth + 1)) {
        return false;
      }
    } while (Take(","));
    return Take("}");
  }

  const std::string_view json_;
  size_t at_ = 0;
};

void AppendEscape(std::string* text, unsigned code) {
  char escape[8];
  std::snprintf(escape, sizeof(escape), "\\u%04x", code);
  *text += escape;
}

// As JSON.stringify() does, to the byte.
std::string QuoteJson(std::string_view text) {
  constexpr std::string_view kShort = "\b\t\n\f\r";
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      quoted += {'\\', text[i]};
    } else if (const size_t at = kShort.find(text[i]); at != kShort.npos) {
      quoted += {'\\', "btnfr"[at]};
    } else if (c < 0x20) {
      AppendEscape(&quoted, c);
    } else if (c == 0xED && i + 2 < text.size() && (text[i + 1] & 0x20) != 0) {
      AppendEscape(&quoted,  // a lone half, see the parser
                   0xD000 | (text[i + 1] & 0x3F) << 6 | (text[i + 2] & 0x3F));
      i += 2;
    } else {
      quoted += text[i];
    }
  }
  return quoted + "\"";
}

}  // namespace

const ScenarioValue* ScenarioValue::Find(std::string_view key) const {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

std::string_view ScenarioValue::Text(std::string_view key) const {
  const ScenarioValue* value = Find(key);
  return value == nullptr ? std::string_view() : value->text;
}

double ScenarioValue::Number(std::string_view key) const {
  const ScenarioValue* value = Find(key);
  return value == nullptr ? 0 : value->number;
}

bool ScenarioValue::Flag(std::string_view key) const {
  const ScenarioValue* value = Find(key);
  return value != nullptr && value->boolean;
}

const std::vector<ScenarioValue>& ScenarioValue::List(
    std::string_view key) const {
  static const auto& none = *new std::vector<ScenarioValue>();
  const ScenarioValue* value = Find(key);
  return value == nullptr ? none : value->items;
}

absl::StatusOr<ScenarioValue> ParseScenario(std::string_view json) {
  return Parser(json).Parse();
}

std::string TraceLine(const std::vector<std::string>& trace) {
  std::string line = "{\"trace\":[";
  for (const std::string& text : trace) {
    if (&text != &trace.front()) line += ",";
    line += QuoteJson(text);
  }
  return line + "]}\n";
}

}  // namespace millrace
