// Reads a JSON text from front to back: RFC 8259 to the letter, and where it is
// wrong says so with line and column. What the values mean is up to the caller.
//
// Every method that reads begins at pos(), and answers false when it failed;
// status() then has the first error, INVALID_ARGUMENT, as in "line 3, column
// 14: expected ':', found '}'". Columns count characters. Not thread-safe. The
// text must outlive the scanner.
#ifndef MILLRACE_CONTRACT_JSON_SCANNER_H_
#define MILLRACE_CONTRACT_JSON_SCANNER_H_

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace millrace {

struct JsonRules {
  int max_depth = 100;
  // RFC 8259 allows both; readers disagree about what they mean.
  bool allow_duplicate_keys = false;
  bool allow_nul = false;  // as \u0000; a raw one is never JSON
};

enum class JsonKind { kNull, kBool, kNumber, kString, kArray, kObject };

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text, const JsonRules& rules = {});

  // A place to come back to.
  struct Mark {
    size_t pos;
    int depth;
  };
  Mark mark() const { return {pos_, depth_}; }
  void Return(Mark to) {
    pos_ = to.pos;
    depth_ = to.depth;
  }

  size_t pos() const { return pos_; }
  const JsonRules& rules() const { return rules_; }
  const absl::Status& status() const { return status_; }

  // Sets the error, about what stands at `offset`; false.
  bool Fail(size_t offset, std::string_view what);

  // Goes to the value; checks that all of the text is UTF-8.
  bool Begin();
  // Nothing but space is left.
  bool End();

  // What kind of value begins here, by its first character.
  bool Kind(JsonKind* kind);

  // Each reads one value. Views are good until the next string is read.
  bool Null() { return Word("null"); }
  bool Bool(bool* value);
  bool String(std::string_view* value);
  // `whole` when there is neither fraction nor exponent.
  bool Number(std::string_view* token, bool* whole);
  // `element` reads the value; `member` too, and has the key and its offset
  // first. The key is good until then.
  bool Array(absl::FunctionRef<bool()> element);
  bool Object(absl::FunctionRef<bool(size_t at, std::string_view key)> member);
  // Any value, which is of no interest.
  bool Skip();

 private:
  char Peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  bool Take(char c);
  void SkipSpace();
  bool Expected(std::string_view what);
  std::string Here() const;
  bool Word(std::string_view word);
  bool Enter();
  bool More(char end, bool* more);
  bool Escape();
  bool UnicodeEscape();
  bool HexUnit(int* unit);
  bool Digits();

  const std::string_view text_;
  const JsonRules rules_;
  size_t pos_ = 0;
  int depth_ = 0;
  std::string unescaped_;  // the last string that had escapes
  absl::Status status_;
};

// Whether all of `text` is one JSON number.
bool IsJsonNumber(std::string_view text, bool* whole);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_SCANNER_H_
