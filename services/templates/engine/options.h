// What a template may be and do. All of it is decided by who compiles or
// renders; nothing in a template changes it.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_OPTIONS_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_OPTIONS_H_

#include <cstddef>
#include <string>

namespace millrace::templates {

class Helpers;

enum class Escaping {
  kHtml,        // & < > " everywhere, as Mustache's specification has it
  kContextual,  // by where a tag stands in the HTML: see html_context.h
  kNone,        // plain text
};

enum class Syntax {
  kMustache = 1,  // the specification, with inheritance and dynamic names
  kExtended = 2,  // and blocks, paths and helpers as Handlebars has them
};

// RESOURCE_EXHAUSTED, or an error at the tag, for what goes past one.
struct CompileBounds {
  size_t source_bytes = 256 << 10;  // of one template or partial
  size_t total_bytes = 4 << 20;     // of a template with all its partials
  size_t units = 1000;              // partials, each once for each use (link.h)
  size_t ops = 1 << 20;
  size_t nesting = 64;      // sections, blocks and parents in each other
  size_t name_bytes = 256;  // of one name
  size_t errors = 20;       // reported at once
};

// What is for one source, and may be another for each partial.
struct SourceOptions {
  Syntax syntax = Syntax::kMustache;
  // Whether {{{x}}} and {{&x}}, which escape nothing, are allowed. Where they
  // are, Program::unsafe() tells where they stand.
  bool allow_unsafe = true;

  bool operator==(const SourceOptions&) const = default;
};

struct CompileOptions : SourceOptions {
  std::string name = "template";  // in errors
  Escaping escaping = Escaping::kHtml;
  // Whether a partial that is not there is an error; else it is empty, as the
  // specification has it.
  bool require_partials = false;
  // The helpers of Syntax::kExtended; nullptr for BuiltInHelpers(). Must
  // outlive the program.
  const Helpers* helpers = nullptr;
  CompileBounds bounds;
};

struct RenderBounds {
  size_t output_bytes = 1 << 20;
  // Tags met, contexts searched, and every 256 bytes written; of helpers more
  // (Helper::steps).
  size_t steps = 1'000'000;
  size_t calls = 64;  // partials, parents and blocks in each other
};

struct RenderOptions {
  RenderBounds bounds;
  // Whether a variable that is not there is an error; else it is empty.
  bool require_fields = false;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_OPTIONS_H_
