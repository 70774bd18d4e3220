// Where in an HTML document a template has got to, told by its own text: what
// must be escaped there, and how.
//
// Values never change it: they are escaped so that they stay what they are, and
// are refused where one that is empty would not, as after "class=". In URLs it
// tells what may still become a scheme: one that ends in a harmless one, or
// none, is all that values and the text between them can make.
// Plain data of a fixed size; two contexts are the same when they are equal.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_HTML_CONTEXT_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_HTML_CONTEXT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/templates/engine/escape.h"
#include "services/templates/engine/js_context.h"

namespace millrace::templates {

class HtmlContext {
 public:
  // Reads text of the template.
  void Advance(std::string_view text);

  // How a value is escaped here, which is then behind it. INVALID_ARGUMENT
  // where none can stand, saying why and what to do.
  absl::StatusOr<Escape> TakeValue();

  // Becomes what is true behind a partial, whatever it wrote; see EndsWell().
  void TakePartial();

  // Whether a partial that begins in `begin` may end here.
  bool EndsWell(const HtmlContext& begin) const;

  // Whether the text of another template may be put here.
  bool TakesBlocks() const;

  // Becomes what is true behind either of two ways, as of a section that is
  // rendered or not; false when values could not be told how to be escaped.
  bool Join(HtmlContext other);

  // Of JavaScript, that a slash stands before: what a section repeats stands
  // apart from it.
  void ForgetSlash() { js_.ForgetSlash(); }

  // "text", "a tag" and so on.
  std::string Describe() const;

  bool operator==(const HtmlContext&) const = default;

 private:
  enum class State : uint8_t {
    kText,
    kTagOpen,  // behind "<"
    kTagName,
    kInTag,  // where an attribute may begin
    kAttributeName,
    kBeforeValue,  // behind "="
    kValue,
    kComment,
    kDeclaration,  // <!doctype ...> or <?...>
    kRawText,      // in a script, style, textarea or title
  };
  enum class Element : uint8_t { kOther, kScript, kStyle, kText };
  enum class Attribute : uint8_t {
    kPlain,
    kUrl,
    kScript,
    kStyle,
    kUrlList,
    kUnknown,
    kHeader,   // http-equiv of meta
    kRefresh,  // content of a meta that refreshes: seconds and a URL
  };
  // kDelay is what stands before the URL of kRefresh.
  enum class Url : uint8_t {
    kDelay,
    kStart,
    kScheme,
    kPath,
    kQuery,
    kBadScheme
  };
  void Step(char c);
  void Remember(char c);
  void OpenTag();
  void CloseTag();
  void BeginValue();
  void StepValue(char c);
  void StepRawText(char c);
  void StepUrl(char c);
  void StepOpenScheme(char c);
  bool RemembersHarmlessScheme() const;
  bool InEntity() const;
  bool EndsEntity(char c) const;
  absl::StatusOr<Escape> TakeUrlValue();
  void EnterTag();
  bool InTag() const {
    return state_ == State::kTagName || state_ == State::kInTag ||
           state_ == State::kAttributeName;
  }
  void JoinUrl(Url other, bool other_open);
  void Forget();
  void ForgetUrl();
  bool Remembers(std::string_view word) const;
  Attribute KindOfAttribute() const;

  static constexpr size_t kMemory = 16;

  State state_ = State::kText;
  Element element_ = Element::kOther;
  Attribute attribute_ = Attribute::kPlain;
  Url url_ = Url::kStart;
  // In kPath or kQuery: the URL began with a value, and what stands behind it
  // may still belong to its scheme.
  bool open_scheme_ = false;
  JsContext js_;
  char quote_ = 0;            // of the attribute's value; 0 when it has none
  bool closing_ = false;      // the tag is an end tag
  bool refresh_ = false;      // the tag has http-equiv="refresh"
  bool behind_name_ = false;  // white space stands behind an attribute's name
  uint8_t remembered_ = 0;    // characters read of a name, up to kMemory + 1
  std::array<char, kMemory> memory_ = {};  // the name, in lower case
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_HTML_CONTEXT_H_
