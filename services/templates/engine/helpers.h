// Helpers: what a template of Syntax::kExtended can do to a value before it is
// written, as in {{number price decimals=2}}. They are what Mustache calls
// lambdas: functions of the program, which data cannot bring along.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_HELPERS_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_HELPERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "services/templates/engine/value.h"

namespace millrace::templates {

// What a helper is called with. A name that is not there is a null.
struct HelperCall {
  std::vector<Value> values;
  std::vector<std::pair<std::string_view, Value>> options;
  // Bytes that the rendering may still make; a text of more ends it. What can
  // make a long text of a short one looks here and stops.
  size_t room = SIZE_MAX;

  // The option's value, or a null.
  Value Option(std::string_view name) const;
  // Its text; `otherwise` when it is not there.
  std::string_view TextOption(std::string_view name,
                              std::string_view otherwise) const;
};

struct Helper {
  std::string name;
  size_t values = 1;                 // that it takes
  std::vector<std::string> options;  // that it knows
  // Appends its text, which is then escaped where it stands. Called by any
  // thread. An error ends the rendering, with the place of the tag.
  std::function<absl::Status(const HelperCall& call, std::string* text)> run;
  // Called, if it is there, whenever a template that uses it is compiled: what
  // takes long is done here, and not while a loop waits for a rendering.
  std::function<void()> prepare;
  // What a call takes, in steps (RenderBounds::steps), beside those for its
  // arguments and for each 8 bytes that it is given or makes.
  size_t steps = 20;
};

// By name; immutable once a program is compiled with them.
class Helpers {
 public:
  void Add(Helper helper);
  const Helper* Find(std::string_view name) const;
  std::vector<std::string> Names() const;

 private:
  std::map<std::string, Helper, std::less<>> helpers_;
};

// date, number, url and plural: see LANGUAGE.md.
const Helpers& BuiltInHelpers();

// The number that a value is: of a number, or of a text that is one and has at
// most so many bytes.
inline constexpr size_t kMaxNumberBytes = 400;
std::optional<double> NumberOf(const Value& value);

// A value as text, unescaped.
std::string TextOf(const Value& value);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_HELPERS_H_
