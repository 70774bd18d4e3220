// Where values may stand in HTML, and what is known where two ways meet.
#include "base/strings.h"
#include "services/templates/engine/html_context.h"

namespace millrace::templates {
namespace {

absl::Status CannotStand(std::string_view where, std::string_view advice) {
  return absl::InvalidArgumentError(
      StrCat("a value cannot stand in ", where, "; ", advice));
}

}  // namespace

absl::StatusOr<Escape> HtmlContext::TakeValue() {
  // Without quotes, where nothing of the attribute has been written yet.
  const bool may_be_empty = state_ == State::kBeforeValue;
  if (may_be_empty) BeginValue();
  const bool in_script =
      state_ == State::kRawText && element_ == Element::kScript;
  if (in_script ||
      (state_ == State::kValue && attribute_ == Attribute::kScript)) {
    Forget();
    const absl::StatusOr<bool> in_string = js_.TakeValueInString();
    if (!in_script && quote_ == 0) {
      return CannotStand("an event handler without quotes",
                         "quote the attribute");
    }
    if (!in_string.ok()) return in_string.status();
    if (*in_string) return Escape::kJsString;
    return in_script ? Escape::kJsValue : Escape::kJsAttribute;
  }
  switch (state_) {
    case State::kText:
      return Escape::kHtmlStrict;
    case State::kTagOpen:
    case State::kTagName:
      return CannotStand("the name of an element", "write the name out");
    case State::kInTag:
    case State::kAttributeName:
      return CannotStand("the name of an attribute",
                         "write the name out, in a section when it depends");
    case State::kComment:
      return CannotStand("a comment of HTML",
                         "use a comment of the template, {{! }}");
    case State::kDeclaration:
      return CannotStand("a declaration of HTML", "write it out");
    case State::kRawText:
      Forget();
      if (element_ == Element::kText) return Escape::kHtmlStrict;
      return CannotStand("a style sheet", "use a class or an attribute");
    case State::kBeforeValue:
    case State::kValue:
      break;
  }
  switch (attribute_) {
    case Attribute::kStyle:
      return CannotStand("a style attribute", "use a class");
    case Attribute::kUrlList:
      return CannotStand("an attribute with several URLs or a document",
                         "write it out");
    case Attribute::kUnknown:
      return CannotStand("an attribute whose name depends on the data",
                         "write the attribute out in each section");
    default:
      break;
  }
  const absl::StatusOr<Escape> escape = attribute_ == Attribute::kUrl
                                            ? TakeUrlValue()
                                        : quote_ == 0 ? Escape::kUnquoted
                                                      : Escape::kHtmlStrict;
  // An empty one would leave the attribute what stands behind it.
  if (may_be_empty) {
    return CannotStand("an attribute without quotes that begins with it",
                       "quote the attribute");
  }
  return escape;
}

absl::StatusOr<Escape> HtmlContext::TakeUrlValue() {
  if (open_scheme_) {
    // In an entity it stays what it is: no text of its own may end it.
    if (InEntity()) return Escape::kUrlQuery;
    Forget();
    return url_ == Url::kPath ? Escape::kUrlRest : Escape::kUrlQuery;
  }
  switch (url_) {
    case Url::kStart:
      url_ = Url::kPath;
      open_scheme_ = true;
      return Escape::kUrl;
    case Url::kDelay:
    case Url::kScheme:
    case Url::kQuery:
      return Escape::kUrlQuery;
    case Url::kPath:
      return Escape::kUrlPart;
    case Url::kBadScheme:
      break;
  }
  return CannotStand("a URL that is code",
                     "begin it with http:, https:, mailto: or tel:");
}

void HtmlContext::TakePartial() {
  if (state_ == State::kValue && attribute_ == Attribute::kUrl) {
    JoinUrl(url_ <= Url::kScheme ? Url::kScheme : Url::kQuery, open_scheme_);
    ForgetUrl();
  }
  if (state_ == State::kInTag || state_ == State::kAttributeName) {
    // It may have ended in a name, which a "=" or more of it would follow.
    EnterTag();
    state_ = State::kAttributeName;
    attribute_ = Attribute::kUnknown;
  }
  if (element_ == Element::kScript ||
      (state_ == State::kValue && attribute_ == Attribute::kScript)) {
    js_.TakePartial();
  }
}

bool HtmlContext::EndsWell(const HtmlContext& begin) const {
  HtmlContext behind = begin;
  behind.TakePartial();
  HtmlContext joined = behind;
  // In a tag names may follow: no value is let in before another begins.
  return joined.Join(*this) && (joined == behind || begin.InTag());
}

bool HtmlContext::Join(HtmlContext other) {
  if (*this == other) return true;
  if (InTag() && other.InTag()) {
    const bool names = state_ == State::kAttributeName ||
                       other.state_ == State::kAttributeName;
    EnterTag();
    other.EnterTag();
    refresh_ = other.refresh_ = refresh_ || other.refresh_;
    if (*this != other) return false;
    if (names) {
      // Which name a "=" would follow depends on the data.
      state_ = State::kAttributeName;
      attribute_ = Attribute::kUnknown;
    }
    return true;
  }
  HtmlContext joined = *this;
  if (state_ == State::kValue && other.state_ == State::kValue) {
    if (attribute_ == Attribute::kUrl) {
      joined.JoinUrl(other.url_, other.open_scheme_);
    }
    if (other.InEntity()) joined.memory_ = other.memory_;
    joined.ForgetUrl();
    other.url_ = joined.url_;
    other.open_scheme_ = joined.open_scheme_;
    other.remembered_ = joined.remembered_;
    other.memory_ = joined.memory_;
  }
  if (state_ == State::kComment && other.state_ == State::kComment) {
    joined.remembered_ %= 4;
    other.remembered_ %= 4;
  }
  if (!joined.js_.Join(other.js_)) return false;
  other.js_ = joined.js_;
  if (joined != other) return false;
  *this = joined;
  return true;
}

// Encoding a value as a component is right in a path, a query or a scheme that
// has begun; so what is unlike becomes the later of the two.
void HtmlContext::JoinUrl(Url other, bool other_open) {
  if (url_ == Url::kBadScheme || other == Url::kBadScheme) {
    url_ = Url::kBadScheme;
  } else if (url_ != other) {
    url_ = url_ <= Url::kScheme || other <= Url::kScheme ? Url::kScheme
                                                         : Url::kQuery;
  }
  // In a scheme of one's own text a colon is looked at in any case.
  open_scheme_ = (open_scheme_ || other_open) &&
                 (url_ == Url::kPath || url_ == Url::kQuery);
}

// Whether an entity may have begun in what may be the scheme.
bool HtmlContext::InEntity() const {
  return (open_scheme_ || url_ == Url::kScheme) && memory_[0] == '&';
}

// Whether it would be one that may be a colon.
bool HtmlContext::EndsEntity(char c) const {
  return InEntity() &&
         ((c == ';' && !Remembers("&amp")) || (c == '#' && Remembers("&")));
}

// Forgets the text, but not that an entity may have begun.
void HtmlContext::ForgetUrl() {
  const bool in_entity = InEntity();
  Forget();
  if (in_entity) Remember('&');
}

bool HtmlContext::TakesBlocks() const {
  if (state_ == State::kRawText) return element_ == Element::kText;
  return state_ == State::kText || (state_ == State::kValue && quote_ != 0 &&
                                    attribute_ == Attribute::kPlain);
}

std::string HtmlContext::Describe() const {
  switch (state_) {
    case State::kText:
      return "text";
    case State::kTagOpen:
    case State::kTagName:
    case State::kInTag:
    case State::kAttributeName:
      return "a tag";
    case State::kBeforeValue:
    case State::kValue:
      return "the value of an attribute";
    case State::kComment:
      return "a comment";
    case State::kDeclaration:
      return "a declaration";
    case State::kRawText:
      return element_ == Element::kScript  ? "a script"
             : element_ == Element::kStyle ? "a style sheet"
                                           : "the text of a title or textarea";
  }
  return "";
}

}  // namespace millrace::templates
