// Short forms for the engine's tests.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_TESTING_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_TESTING_H_

#include <string>
#include <string_view>

#include "base/strings.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {

// What is rendered, or the message of what went wrong.
inline std::string Rendered(std::string_view source, std::string_view json,
                            const CompileOptions& options = {},
                            const PartialMap& partials = PartialMap(),
                            const RenderOptions& render = {}) {
  const auto program = Program::Compile(source, options, partials);
  if (!program.ok()) return std::string(MessageOf(program.status()));
  Document data;
  const absl::Status read = data.ReadJson(json);
  if (!read.ok()) return StrCat("data: ", MessageOf(read));
  const auto text = Render(*program, data, render);
  return text.ok() ? *text : std::string(MessageOf(text.status()));
}

inline CompileOptions Extended() {
  CompileOptions options;
  options.syntax = Syntax::kExtended;
  return options;
}

inline CompileOptions Contextual() {
  CompileOptions options;
  options.escaping = Escaping::kContextual;
  return options;
}

inline std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Of a text with excerpts: what stands before the first of them.
inline std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_TESTING_H_
