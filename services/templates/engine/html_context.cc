#include "services/templates/engine/html_context.h"

#include <cstring>

#include "absl/strings/ascii.h"

namespace millrace::templates {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

}  // namespace

void HtmlContext::Advance(std::string_view text) {
  while (!text.empty()) {
    // Most of a template is text, and nothing in it matters but "<".
    if (state_ == State::kText) {
      const size_t open = text.find('<');
      if (open == text.npos) return;
      text.remove_prefix(open);
    }
    Step(text.front());
    text.remove_prefix(1);
  }
}

// Keeps the last characters in comments, the first ones in names.
void HtmlContext::Remember(char c) {
  if (remembered_ < kMemory) memory_[remembered_] = absl::ascii_tolower(c);
  if (remembered_ < kMemory + 1) ++remembered_;
}

bool HtmlContext::Remembers(std::string_view word) const {
  return remembered_ == word.size() &&
         std::memcmp(memory_.data(), word.data(), word.size()) == 0;
}

void HtmlContext::Step(char c) {
  switch (state_) {
    case State::kText:
      if (c == '<') OpenTag();
      return;
    case State::kTagOpen:
      if (c == '!' || c == '?') {
        state_ = State::kDeclaration;
      } else if (c == '/' && !closing_) {
        closing_ = true;
      } else if (absl::ascii_isalpha(c)) {
        state_ = State::kTagName;
        Remember(c);
      } else {
        state_ = State::kText;
        if (c == '<') OpenTag();
      }
      return;
    case State::kDeclaration:
      if (c == '-' && remembered_ < 2) {
        Remember(c);
        if (Remembers("--")) {
          state_ = State::kComment;
          Forget();
          remembered_ = 4;
        }
      } else {
        remembered_ = 2;  // "--" no longer begins a comment
        if (c == '>') *this = HtmlContext();
      }
      return;
    case State::kComment:
      // remembered_ counts the hyphens before; 3 is "--!", 4 and 5 are "<!--"
      // and "<!---", which ">" ends as well.
      if (c == '-') {
        static constexpr uint8_t kBehindHyphen[] = {1, 2, 2, 1, 5, 2};
        remembered_ = kBehindHyphen[remembered_];
      } else if (c == '!' && remembered_ == 2) {
        remembered_ = 3;
      } else {
        if (c == '>' && remembered_ >= 2) state_ = State::kText;
        remembered_ = 0;
      }
      if (state_ == State::kText) *this = HtmlContext();
      return;
    case State::kTagName:
      if (!IsSpace(c) && c != '/' && c != '>') return Remember(c);
      EnterTag();
      if (c == '>') CloseTag();
      return;
    case State::kInTag:
      if (c == '>') return CloseTag();
      if (IsSpace(c) || c == '/') return;
      state_ = State::kAttributeName;
      Remember(c);
      return;
    case State::kAttributeName:
      if (c == '=') {
        attribute_ = KindOfAttribute();
        state_ = State::kBeforeValue;
        behind_name_ = false;
        Forget();
      } else if (c == '>' || c == '/') {
        EnterTag();
        if (c == '>') CloseTag();
      } else if (IsSpace(c)) {
        behind_name_ = true;  // a "=" may follow
      } else {
        if (behind_name_) {
          attribute_ = Attribute::kPlain;
          behind_name_ = false;
          Forget();
        }
        Remember(c);
      }
      return;
    case State::kBeforeValue:
      if (IsSpace(c)) return;
      if (c == '>') return CloseTag();
      BeginValue();
      if (c == '"' || c == '\'') {
        quote_ = c;
        return;
      }
      return StepValue(c);
    case State::kValue:
      return StepValue(c);
    case State::kRawText:
      return StepRawText(c);
  }
}

void HtmlContext::OpenTag() {
  *this = HtmlContext();
  state_ = State::kTagOpen;
}

// Into the tag, behind its name, an attribute or a value: whatever only these
// needed is forgotten, so that contexts compare equal.
void HtmlContext::EnterTag() {
  if (state_ == State::kTagName && !closing_) {
    if (Remembers("script")) element_ = Element::kScript;
    if (Remembers("style")) element_ = Element::kStyle;
    if (Remembers("textarea") || Remembers("title")) element_ = Element::kText;
  }
  const Element element = element_;
  const bool closing = closing_;
  const bool refresh =
      refresh_ || (state_ == State::kValue &&
                   attribute_ == Attribute::kHeader && Remembers("refresh"));
  *this = HtmlContext();
  state_ = State::kInTag;
  element_ = element;
  closing_ = closing;
  refresh_ = refresh;
}

void HtmlContext::CloseTag() {
  const Element element = element_;
  *this = HtmlContext();
  if (element == Element::kOther) return;
  element_ = element;
  state_ = State::kRawText;
}

void HtmlContext::BeginValue() {
  state_ = State::kValue;
  quote_ = 0;
  url_ = Url::kStart;
  open_scheme_ = false;
  if (attribute_ == Attribute::kRefresh) {
    attribute_ = Attribute::kUrl;
    url_ = Url::kDelay;
  }
  js_ = JsContext();
  Forget();
}

void HtmlContext::Forget() {
  remembered_ = 0;
  memory_ = {};
}

void HtmlContext::StepValue(char c) {
  if (quote_ != 0 ? c == quote_ : IsSpace(c) || c == '>') {
    EnterTag();
    if (c == '>') CloseTag();
    return;
  }
  if (attribute_ == Attribute::kUrl) StepUrl(c);
  if (attribute_ == Attribute::kHeader) Remember(c);
  if (attribute_ == Attribute::kScript) {
    if (c == '&') js_.BecomeUnclear();
    js_.Advance(c);
  }
}

void HtmlContext::StepRawText(char c) {
  // memory_ has what could be the end tag.
  static constexpr const char* kEnds[] = {"", "</script", "</style", ""};
  const bool is_text = element_ == Element::kText;
  if (c == '<') {
    Forget();
    Remember(c);
  } else if (remembered_ > 0) {
    Remember(c);
    if (is_text ? Remembers("</textarea") || Remembers("</title")
                : Remembers(kEnds[static_cast<int>(element_)])) {
      *this = HtmlContext();
      state_ = State::kInTag;
      closing_ = true;
      return;
    }
    if (remembered_ > 10 || (!absl::ascii_isalpha(c) && c != '/')) Forget();
  }
  if (element_ == Element::kScript) js_.Advance(c);
}

HtmlContext::Attribute HtmlContext::KindOfAttribute() const {
  if (attribute_ == Attribute::kUnknown) return attribute_;
  const std::string_view name(memory_.data(),
                              remembered_ < kMemory ? remembered_ : kMemory);
  if (name.substr(0, 2) == "on") return Attribute::kScript;
  if (name == "style") return Attribute::kStyle;
  if (name == "srcset" || name == "imagesrcset" || name == "ping" ||
      name == "srcdoc" || name == "archive") {
    return Attribute::kUrlList;
  }
  if (name == "http-equiv") return Attribute::kHeader;
  if (name == "content" && refresh_) return Attribute::kRefresh;
  for (const char* url :
       {"href", "src", "action", "formaction", "poster", "cite", "data",
        "background", "manifest", "xlink:href", "longdesc", "usemap",
        "codebase", "classid", "lowsrc", "dynsrc", "xml:base"}) {
    if (name == url) return Attribute::kUrl;
  }
  return Attribute::kPlain;
}

bool HtmlContext::RemembersHarmlessScheme() const {
  return Remembers("http") || Remembers("https") || Remembers("mailto") ||
         Remembers("tel");
}

// Which scheme the template's own text begins with: values that come behind a
// harmful one, or a part of one, could become code.
void HtmlContext::StepUrl(char c) {
  if (open_scheme_) return StepOpenScheme(c);
  switch (url_) {
    case Url::kDelay:
      if (absl::ascii_isdigit(c) || c == '.' || IsSpace(c)) return;
      url_ = Url::kStart;
      [[fallthrough]];
    case Url::kStart:
      if (IsSpace(c)) return;
      if (refresh_ && std::strchr(";,\"'", c) != nullptr) return;
      url_ = Url::kScheme;
      [[fallthrough]];
    case Url::kScheme:
      if (refresh_ && IsSpace(c)) return;
      if (c == '&' || EndsEntity(c)) {
        url_ = Url::kBadScheme;  // an entity: anything
      } else if (c == ':') {
        url_ = RemembersHarmlessScheme() ? Url::kPath : Url::kBadScheme;
      } else if (c == '/') {
        url_ = Url::kPath;
      } else if (c == '?' || c == '#') {
        url_ = Url::kQuery;
      } else if (c == '=' && refresh_ && Remembers("url")) {
        url_ = Url::kStart;
      } else {
        return Remember(c);
      }
      Forget();
      return;
    case Url::kPath:
      if (c == '?' || c == '#') url_ = Url::kQuery;
      return;
    case Url::kQuery:
    case Url::kBadScheme:
      return;
  }
}

// Behind a value that began the URL. memory_ has the text since the last value,
// or since the last "&", which may begin an entity that is a colon.
void HtmlContext::StepOpenScheme(char c) {
  if (c == '&') {
    Forget();
    return Remember(c);
  }
  // Of control characters browsers leave some out.
  if (absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.' ||
      static_cast<unsigned char>(c) <= ' ') {
    return Remember(c);
  }
  if (EndsEntity(c) || (c == ':' && !RemembersHarmlessScheme())) {
    url_ = Url::kBadScheme;
  } else if (c == '?' || c == '#') {
    url_ = Url::kQuery;
  }
  open_scheme_ = false;
  Forget();
}

}  // namespace millrace::templates
