#include "contract/json_scanner.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "contract/utf8.h"

namespace millrace {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What a string may hold as it is.
constexpr std::array<bool, 256> PlainBytes() {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < plain.size(); ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = PlainBytes();

}  // namespace

JsonScanner::JsonScanner(std::string_view text, const JsonRules& rules)
    : text_(text), rules_(rules) {}

bool JsonScanner::Fail(size_t offset, std::string_view what) {
  const std::string_view before = text_.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const std::string_view in_line =
      newline == before.npos ? before : before.substr(newline + 1);
  const auto column =
      1 + std::count_if(in_line.begin(), in_line.end(),
                        [](char c) { return (c & 0xC0) != 0x80; });
  status_ = absl::InvalidArgumentError(
      StrCat("line ", line, ", column ", column, ": ", what));
  return false;
}

// Names what stands at pos_.
std::string JsonScanner::Here() const {
  if (pos_ >= text_.size()) return "end of the text";
  const char c = text_[pos_];
  if (c == '\'') return "single quote";
  if (c > ' ' && c < 0x7F) return StrCat("'", c, "'");
  return absl::StrFormat("byte 0x%02X", static_cast<unsigned char>(c));
}

bool JsonScanner::Expected(std::string_view what) {
  return Fail(pos_, StrCat("expected ", what, ", found ", Here()));
}

bool JsonScanner::Take(char c) {
  if (Peek() != c || pos_ >= text_.size()) return false;
  ++pos_;
  return true;
}

void JsonScanner::SkipSpace() {
  while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t' ||
                                 text_[pos_] == '\n' || text_[pos_] == '\r')) {
    ++pos_;
  }
}

bool JsonScanner::Begin() {
  if (const size_t bad = FirstInvalidUtf8(text_); bad < text_.size()) {
    return Fail(bad, "the text is not valid UTF-8");
  }
  SkipSpace();
  return true;
}

bool JsonScanner::End() {
  SkipSpace();
  return pos_ >= text_.size() ||
         Fail(pos_, StrCat("unexpected ", Here(), " behind the value"));
}

bool JsonScanner::Kind(JsonKind* kind) {
  switch (Peek()) {
    case '{':
      *kind = JsonKind::kObject;
      return true;
    case '[':
      *kind = JsonKind::kArray;
      return true;
    case '"':
      *kind = JsonKind::kString;
      return true;
    case 't':
    case 'f':
      *kind = JsonKind::kBool;
      return true;
    case 'n':
      *kind = JsonKind::kNull;
      return true;
    default:
      *kind = JsonKind::kNumber;
      return Peek() == '-' || IsDigit(Peek()) || Expected("a value");
  }
}

bool JsonScanner::Word(std::string_view word) {
  if (text_.substr(pos_, word.size()) != word) return Expected("a value");
  pos_ += word.size();
  return true;
}

bool JsonScanner::Bool(bool* value) {
  *value = Peek() == 't';
  return Word(*value ? "true" : "false");
}

bool JsonScanner::Enter() {
  if (depth_ >= rules_.max_depth) {
    return Fail(pos_, StrCat("nested deeper than ", rules_.max_depth));
  }
  ++depth_;
  ++pos_;
  SkipSpace();
  return true;
}

// Behind an element: whether another one follows.
bool JsonScanner::More(char end, bool* more) {
  SkipSpace();
  *more = Take(',');
  if (!*more) {
    return Take(end) || Expected(end == '}' ? "',' or '}'" : "',' or ']'");
  }
  SkipSpace();
  return true;
}

bool JsonScanner::Array(absl::FunctionRef<bool()> element) {
  if (!Enter()) return false;
  for (bool more = !Take(']'); more;) {
    if (!element() || !More(']', &more)) return false;
  }
  --depth_;
  return true;
}

bool JsonScanner::Object(
    absl::FunctionRef<bool(size_t, std::string_view)> member) {
  if (!Enter()) return false;
  for (bool more = !Take('}'); more;) {
    const size_t at = pos_;
    if (Peek() != '"') return Expected("a key in double quotes");
    std::string_view key;
    if (!String(&key)) return false;
    SkipSpace();
    if (!Take(':')) return Expected("':'");
    SkipSpace();
    if (!member(at, key) || !More('}', &more)) return false;
  }
  --depth_;
  return true;
}

bool JsonScanner::Skip() {
  JsonKind kind;
  if (!Kind(&kind)) return false;
  std::string_view text;
  bool flag;
  switch (kind) {
    case JsonKind::kNull:
      return Null();
    case JsonKind::kBool:
      return Bool(&flag);
    case JsonKind::kNumber:
      return Number(&text, &flag);
    case JsonKind::kString:
      return String(&text);
    case JsonKind::kArray:
      return Array([this] { return Skip(); });
    case JsonKind::kObject:
      return Object([this](size_t, std::string_view) { return Skip(); });
  }
  return false;
}

bool JsonScanner::String(std::string_view* value) {
  const size_t start = pos_++;
  bool escaped = false;
  for (;;) {
    const size_t run = pos_;
    while (pos_ < text_.size() &&
           kPlain[static_cast<unsigned char>(text_[pos_])]) {
      ++pos_;
    }
    const std::string_view plain = text_.substr(run, pos_ - run);
    if (escaped) unescaped_.append(plain);
    if (pos_ >= text_.size()) return Fail(start, "the string has no end");
    if (Take('"')) {
      *value = escaped ? std::string_view(unescaped_) : plain;
      return true;
    }
    if (!Take('\\')) {
      return Fail(pos_, StrCat("a control character (", Here(),
                               ") must be written as an escape"));
    }
    if (!escaped) unescaped_.assign(plain);
    escaped = true;
    if (!Escape()) return false;
  }
}

// Behind the backslash.
bool JsonScanner::Escape() {
  static constexpr std::string_view kNames = "\"\\/bfnrt";
  static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (Take('u')) return UnicodeEscape();
  const size_t index = kNames.find(Peek());
  if (pos_ >= text_.size() || index == kNames.npos) {
    return Fail(pos_ - 1, "no such escape; a backslash is written '\\\\'");
  }
  unescaped_.push_back(kValues[index]);
  ++pos_;
  return true;
}

bool JsonScanner::UnicodeEscape() {
  const size_t start = pos_ - 2;
  int unit;
  if (!HexUnit(&unit)) return false;
  if (unit == 0 && !rules_.allow_nul) {
    return Fail(start, "NUL (\\u0000) is not accepted");
  }
  if (unit >= 0xD800 && unit < 0xE000) {
    int low = 0;
    const bool paired = unit < 0xDC00 && text_.substr(pos_, 2) == "\\u";
    if (paired) {
      pos_ += 2;
      if (!HexUnit(&low)) return false;
    }
    if (low < 0xDC00 || low >= 0xE000) {
      return Fail(start, "a surrogate without its other half");
    }
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  AppendUtf8(static_cast<char32_t>(unit), &unescaped_);
  return true;
}

bool JsonScanner::HexUnit(int* unit) {
  *unit = 0;
  for (int i = 0; i < 4; ++i, ++pos_) {
    const int digit = HexValue(Peek());
    if (digit < 0) return Expected("four hexadecimal digits");
    *unit = *unit * 16 + digit;
  }
  return true;
}

bool JsonScanner::Number(std::string_view* token, bool* whole) {
  const size_t start = pos_;
  *whole = true;
  Take('-');
  if (!Take('0') && !Digits()) return false;
  if (IsDigit(Peek())) return Fail(start, "a number has no leading zeros");
  if (Take('.')) {
    *whole = false;
    if (!Digits()) return false;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    *whole = false;
    ++pos_;
    if (!Take('+')) Take('-');
    if (!Digits()) return false;
  }
  *token = text_.substr(start, pos_ - start);
  return true;
}

bool JsonScanner::Digits() {
  if (!IsDigit(Peek())) return Expected("a digit");
  while (IsDigit(Peek())) ++pos_;
  return true;
}

bool IsJsonNumber(std::string_view text, bool* whole) {
  JsonScanner scanner(text);
  std::string_view token;
  return scanner.Number(&token, whole) && token.size() == text.size();
}

}  // namespace millrace
