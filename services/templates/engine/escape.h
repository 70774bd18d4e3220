// How a value is written where it stands, so that it stays a value there.
// Thread-safe.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_ESCAPE_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_ESCAPE_H_

#include <cstdint>
#include <string_view>

#include "services/templates/engine/output.h"
#include "services/templates/engine/value.h"

namespace millrace::templates {

enum class Escape : uint8_t {
  kNone,
  kHtml,         // & < > ", as Mustache's specification has it
  kHtmlStrict,   // and ': for text and quoted attributes
  kUnquoted,     // an attribute without quotes, behind text of it
  kUrl,          // a whole URL in an attribute: only harmless schemes
  kUrlPart,      // in the path of a URL: what ends it or its quotes is encoded
  kUrlRest,      // the same, where the scheme may not be over yet
  kUrlQuery,     // in a query, a fragment or a scheme: encoded as a component
  kJsString,     // inside a JavaScript string
  kJsValue,      // a JavaScript value: a text gets its quotes
  kJsAttribute,  // the same in an event handler's attribute
};

// Writes the text of `value`, a string or a number, escaped. The text has
// kTextPadding bytes behind it.
void WriteEscaped(std::string_view text, Escape escape, Output* out);

// Writes any value: nothing for null, lists and objects, except as a
// JavaScript value, where these are null.
void WriteValue(const Value& value, Escape escape, Output* out);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_ESCAPE_H_
