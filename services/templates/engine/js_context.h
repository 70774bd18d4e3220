// Where in JavaScript a template has got to, as far as values must know: in
// code or in a string.
//
// Only a parser of the whole language could tell every division from every
// regular expression. Where a slash may be either and quotes follow it, the
// context is unclear from there on, and no value is let in: never is one
// written as if it stood in a string when it stands in code.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_JS_CONTEXT_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_JS_CONTEXT_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace millrace::templates {

class JsContext {
 public:
  JsContext() = default;

  void Advance(char c);

  // Behind what is not read as JavaScript reads it, such as an entity.
  void BecomeUnclear() { *this = JsContext(State::kUnclear); }

  // Whether a value here is in a string; else it is an expression. An error
  // where none can stand. The value is then behind.
  absl::StatusOr<bool> TakeValueInString();

  // Behind a partial: whether a slash divides is not known.
  void TakePartial() {
    if (state_ == State::kCode) had_slash_ = true;
  }

  void ForgetSlash() { had_slash_ = false; }

  // Becomes what is true behind either of two ways; false when there is none.
  bool Join(const JsContext& other);

  bool operator==(const JsContext&) const = default;

 private:
  enum class State : uint8_t {
    kCode,
    kSlash,  // in code, behind a slash that may begin a comment
    kString,
    kTemplate,
    kRegex,
    kLineComment,
    kBlockComment,
    kStar,  // in a block comment, behind a star
    kUnclear,
  };

  explicit JsContext(State state) : state_(state) {}

  void AdvanceCode(char c);

  State state_ = State::kCode;
  char quote_ = 0;          // that ends the string
  bool escaped_ = false;    // behind a backslash
  bool in_class_ = false;   // in [] of a regular expression
  bool operand_ = false;    // in code, a slash would divide
  bool had_slash_ = false;  // on this line, one that may be either
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_JS_CONTEXT_H_
