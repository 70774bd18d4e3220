#include "contract/json_check.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "contract/json_shape.h"
#include "contract/utf8.h"

namespace millrace {
namespace {

using google::protobuf::FieldDescriptor;

// libprotobuf keeps what stands in an Any until it has read "@type", and gives
// it to the next Any within, which does the same: about so many bytes for each
// value, of which there may be so many.
constexpr size_t kBytesOfValue = 100;
constexpr size_t kMostKept = 16 << 20;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Recursive descent. Each method reads one construct from pos_ on and answers
// false when it failed, with status_ set.
class Checker {
 public:
  Checker(std::string_view text, const JsonRules& rules)
      : text_(text), rules_(rules) {}

  absl::Status Check(const JsonShape& shape) {
    if (const size_t bad = FirstInvalidUtf8(text_); bad < text_.size()) {
      Fail(bad, "the text is not valid UTF-8");
      return status_;
    }
    SkipSpace();
    if (!Value(shape, 0)) return status_;
    SkipSpace();
    if (pos_ < text_.size())
      Fail(pos_, StrCat("unexpected ", Here(), " behind the value"));
    return status_;
  }

 private:
  bool Fail(size_t offset, const std::string& what) {
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
  std::string Here() const {
    if (pos_ >= text_.size()) return "end of the text";
    const char c = text_[pos_];
    if (c == '\'') return "single quote";
    if (c > ' ' && c < 0x7F) return StrCat("'", c, "'");
    return absl::StrFormat("byte 0x%02X", static_cast<unsigned char>(c));
  }

  bool Expected(std::string_view what) {
    return Fail(pos_, StrCat("expected ", what, ", found ", Here()));
  }

  char Peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }

  bool Take(char c) {
    if (Peek() != c || pos_ >= text_.size()) return false;
    ++pos_;
    return true;
  }

  void SkipSpace() {
    while (pos_ < text_.size() &&
           (text_[pos_] == ' ' || text_[pos_] == '\t' || text_[pos_] == '\n' ||
            text_[pos_] == '\r')) {
      ++pos_;
    }
  }

  bool Allowed(const JsonShape& shape, JsonKind kind) {
    const std::string wrong = shape.Refuse(kind);
    return wrong.empty() || Fail(pos_, wrong);
  }

  bool Value(const JsonShape& shape, int depth) {
    ++values_;
    switch (Peek()) {
      case '{':
        return Allowed(shape, JsonKind::kObject) && Object(shape, depth + 1);
      case '[':
        return Allowed(shape, JsonKind::kArray) && Array(shape, depth + 1);
      case '"':
        return Allowed(shape, JsonKind::kString) && StringValue(shape);
      case 't':
        return Allowed(shape, JsonKind::kBool) && Word("true");
      case 'f':
        return Allowed(shape, JsonKind::kBool) && Word("false");
      case 'n':
        return Allowed(shape, JsonKind::kNull) && Word("null");
      default:
        if (Peek() != '-' && !IsDigit(Peek())) return Expected("a value");
        return Allowed(shape, JsonKind::kNumber) && Number(shape);
    }
  }

  bool Word(std::string_view word) {
    if (text_.substr(pos_, word.size()) != word) return Expected("a value");
    pos_ += word.size();
    return true;
  }

  bool Enter(int depth) {
    if (depth > rules_.max_depth) {
      return Fail(pos_, StrCat("nested deeper than ", rules_.max_depth));
    }
    ++pos_;
    SkipSpace();
    return true;
  }

  // Behind an element: true when another one follows.
  bool More(char end, bool* more) {
    SkipSpace();
    *more = Take(',');
    if (!*more)
      return Take(end) || Expected(end == '}' ? "',' or '}'" : "',' or ']'");
    SkipSpace();
    return true;
  }

  bool Array(const JsonShape& shape, int depth) {
    if (!Enter(depth)) return false;
    if (Take(']')) return true;
    const JsonShape element = shape.Element();
    for (bool more = true; more;) {
      if (!Value(element, depth) || !More(']', &more)) return false;
    }
    return true;
  }

  bool Object(const JsonShape& shape, int depth) {
    if (!Enter(depth)) return false;
    if (Take('}')) return true;
    Keys keys;
    keys.start = pos_;
    keys.values = values_;
    for (bool more = true; more;) {
      JsonShape value;
      if (!Key(shape, &keys, &value)) return false;
      SkipSpace();
      if (!Take(':')) return Expected("':'");
      SkipSpace();
      if (!Value(value, depth) || !More('}', &more)) return false;
    }
    return keys.typed || !shape.is_any() ||
           Fail(keys.start, "an Any must have '@type'");
  }

  // The keys of one object that were read.
  struct Keys {
    size_t start = 0;   // the first one's offset
    size_t values = 0;  // that were read before
    bool typed = false;
    absl::flat_hash_set<std::string> names;
    std::vector<const FieldDescriptor*> fields;
  };

  bool Key(const JsonShape& shape, Keys* keys, JsonShape* value) {
    const size_t start = pos_;
    if (Peek() != '"') return Expected("a key in double quotes");
    std::string key;
    if (!String(&key)) return false;
    bool repeated;
    if (shape.message() != nullptr) {
      const FieldDescriptor* field = FindJsonField(*shape.message(), key);
      if (field == nullptr) {
        return Fail(start,
                    StrCat(shape.message()->full_name(), " has no field '",
                           Excerpt(key), "'",
                           DidYouMean(key, JsonNames(*shape.message()))));
      }
      // A field has two names: both in one object are a duplicate, too.
      repeated = std::find(keys->fields.begin(), keys->fields.end(), field) !=
                 keys->fields.end();
      keys->fields.push_back(field);
      *value = JsonShape::OfField(field);
    } else {
      if (shape.in_any() && key == "@type") {
        keys->typed = true;
        if (!Keep(start, *keys)) return false;
      }
      *value = shape.Element();
      repeated =
          !rules_.allow_duplicate_keys && !keys->names.insert(key).second;
    }
    if (repeated && !rules_.allow_duplicate_keys) {
      return Fail(start, StrCat("the key '", Excerpt(key), "' is there twice"));
    }
    return true;
  }

  // Counts what stands before the "@type" at `offset`.
  bool Keep(size_t offset, const Keys& keys) {
    kept_ += offset - keys.start + kBytesOfValue * (values_ - keys.values);
    return kept_ <= kMostKept ||
           Fail(offset, "'@type' stands behind too much; write it first");
  }

  bool StringValue(const JsonShape& shape) {
    const size_t start = pos_;
    std::string value;
    if (!String(&value)) return false;
    const std::string wrong = shape.RefuseString(value);
    return wrong.empty() || Fail(start, wrong);
  }

  bool String(std::string* value) {
    const size_t start = pos_++;
    for (;;) {
      const size_t run = pos_;
      while (pos_ < text_.size() && text_[pos_] != '"' && text_[pos_] != '\\' &&
             static_cast<unsigned char>(text_[pos_]) >= 0x20) {
        ++pos_;
      }
      value->append(text_, run, pos_ - run);
      if (pos_ >= text_.size()) return Fail(start, "the string has no end");
      if (Take('"')) return true;
      if (!Take('\\')) {
        return Fail(pos_, StrCat("a control character (", Here(),
                                 ") must be written as an escape"));
      }
      if (!Escape(value)) return false;
    }
  }

  // Behind the backslash.
  bool Escape(std::string* value) {
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (Take('u')) return UnicodeEscape(value);
    const size_t index = kNames.find(Peek());
    if (pos_ >= text_.size() || index == kNames.npos) {
      return Fail(pos_ - 1, "no such escape; a backslash is written '\\\\'");
    }
    value->push_back(kValues[index]);
    ++pos_;
    return true;
  }

  bool UnicodeEscape(std::string* value) {
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
    AppendUtf8(static_cast<char32_t>(unit), value);
    return true;
  }

  bool HexUnit(int* unit) {
    *unit = 0;
    for (int i = 0; i < 4; ++i, ++pos_) {
      const int digit = HexValue(Peek());
      if (digit < 0) return Expected("four hexadecimal digits");
      *unit = *unit * 16 + digit;
    }
    return true;
  }

  bool Number(const JsonShape& shape) {
    const size_t start = pos_;
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (IsDigit(Peek())) return Fail(start, "a number has no leading zeros");
    bool whole = true;
    if (Take('.')) {
      whole = false;
      if (!Digits()) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      whole = false;
      ++pos_;
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    if (!whole) return true;
    const std::string wrong =
        shape.RefuseInteger(text_.substr(start, pos_ - start));
    return wrong.empty() || Fail(start, wrong);
  }

  bool Digits() {
    if (!IsDigit(Peek())) return Expected("a digit");
    while (IsDigit(Peek())) ++pos_;
    return true;
  }

  const std::string_view text_;
  const JsonRules rules_;
  size_t pos_ = 0;
  size_t values_ = 0;  // begun so far
  size_t kept_ = 0;    // by libprotobuf, in all Anys together
  absl::Status status_;
};

}  // namespace

absl::Status CheckJson(std::string_view text, const JsonRules& rules,
                       const google::protobuf::Descriptor* type) {
  return Checker(text, rules)
      .Check(type == nullptr ? JsonShape() : JsonShape::OfMessage(type));
}

}  // namespace millrace
