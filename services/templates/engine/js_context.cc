#include "services/templates/engine/js_context.h"

#include "absl/strings/ascii.h"
#include "base/strings.h"

namespace millrace::templates {
namespace {

absl::Status CannotStand(std::string_view where, std::string_view advice) {
  return absl::InvalidArgumentError(
      StrCat("a value cannot stand in ", where, "; ", advice));
}

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

}  // namespace

void JsContext::Advance(char c) {
  switch (state_) {
    case State::kCode:
      return AdvanceCode(c);
    case State::kSlash:
      if (c == '/' || c == '*') {
        state_ = c == '/' ? State::kLineComment : State::kBlockComment;
        return;
      }
      had_slash_ = true;
      if (operand_) {
        state_ = State::kCode;
        operand_ = false;
        return AdvanceCode(c);
      }
      state_ = State::kRegex;
      escaped_ = in_class_ = false;
      return Advance(c);
    case State::kString:
    case State::kTemplate:
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == quote_) {
        state_ = State::kCode;
        quote_ = 0;
        operand_ = true;
      } else if (state_ == State::kString && IsLineEnd(c)) {
        BecomeUnclear();  // no string has more lines
      }
      return;
    case State::kRegex:
      // It may have been a division after all.
      if (c == '"' || c == '\'' || c == '`' || IsLineEnd(c)) {
        BecomeUnclear();
      } else if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '[') {
        in_class_ = true;
      } else if (c == ']') {
        in_class_ = false;
      } else if (c == '/' && !in_class_) {
        state_ = State::kCode;
        operand_ = true;
      }
      return;
    case State::kLineComment:
      if (IsLineEnd(c)) state_ = State::kCode;
      return;
    case State::kBlockComment:
      if (c == '*') state_ = State::kStar;
      return;
    case State::kStar:
      if (c != '*') state_ = c == '/' ? State::kCode : State::kBlockComment;
      return;
    case State::kUnclear:
      return;
  }
}

void JsContext::AdvanceCode(char c) {
  if (c == '"' || c == '\'' || c == '`') {
    if (had_slash_) return BecomeUnclear();
    state_ = c == '`' ? State::kTemplate : State::kString;
    quote_ = c;
    escaped_ = false;
  } else if (c == '/') {
    state_ = State::kSlash;
  } else if (IsLineEnd(c)) {
    had_slash_ = false;
  } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
    operand_ = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
               c == '$' || c == ')' || c == ']' || c == '}';
  }
}

absl::StatusOr<bool> JsContext::TakeValueInString() {
  switch (state_) {
    case State::kCode:
      operand_ = true;
      return false;
    case State::kString:
      if (!escaped_) return true;
      return CannotStand("an escape of JavaScript",
                         "double the backslash before it");
    case State::kTemplate:
      return CannotStand("a template literal of JavaScript",
                         "write it into a string in quotes");
    case State::kSlash:
    case State::kRegex:
      return CannotStand("a regular expression of JavaScript",
                         "write it into a string");
    case State::kLineComment:
    case State::kBlockComment:
    case State::kStar:
      return CannotStand("a comment of JavaScript", "leave it out");
    case State::kUnclear:
      break;
  }
  return CannotStand(
      "JavaScript behind an entity, or behind a slash or a partial and a quote "
      "that may or may not be in a regular expression",
      "put it before them, or on a line of its own");
}

bool JsContext::Join(const JsContext& other) {
  if (*this == other) return true;
  if (state_ == State::kUnclear || other.state_ == State::kUnclear) {
    BecomeUnclear();
    return true;
  }
  if (state_ != State::kCode || other.state_ != State::kCode) return false;
  // A slash would divide behind one of them only: it may then be either.
  had_slash_ |= other.had_slash_ || operand_ != other.operand_;
  operand_ &= other.operand_;
  return true;
}

}  // namespace millrace::templates
