// The form of a compiled template: small operations over the text of the
// sources. Only the engine looks inside.
//
// A template becomes a *unit*: operations that end in kEnd. A partial becomes
// one for each way in which it is used (link.h). Literal text is a slice of
// `text`, which holds every source once, with kTextPadding bytes behind it.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_CODE_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_CODE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/templates/engine/diagnostic.h"
#include "services/templates/engine/helpers.h"
#include "services/templates/engine/html_context.h"
#include "services/templates/engine/options.h"
#include "services/templates/engine/value.h"

namespace millrace::templates {

enum class OpCode : uint8_t {
  kEnd,         // of a unit: back to who called it, or done
  kText,        // writes the slice a, b
  kIndent,      // a line of a template that may be indented begins
  kVariable,    // writes the operand, escaped as `flags` says
  kHelper,      // writes what helper call b makes, escaped as `flags` says
  kSection,     // for the operand or each of its items; when falsy, goes to b
  kInverted,    // goes to b unless the operand is falsy
  kIf,          // goes to b when the operand is falsy; brings no context
  kEach,        // as kSection, of lists and objects only
  kWith,        // as kSection, but a list is not repeated
  kEndSection,  // the next item of the section at a, or on to b
  kJump,        // to b
  kPartial,     // call b
  kParent,      // call b, with its overrides
  kBlock,       // block b: the default content follows, unless overridden
  kEndBody,     // of an override: back to its block
};

// The operand is a name in `count` parts, keys[a] to keys[a + count). None is
// the context itself.
struct Op {
  OpCode code;
  uint8_t flags = 0;
  uint8_t count = 0;
  uint8_t scope = 0;  // from where the name is looked for
  uint32_t a = 0;
  uint32_t b = 0;
};
static_assert(sizeof(Op) == 12);

// Scopes below kThis count the contexts that "../" leaves, and look outwards.
inline constexpr uint8_t kThis = 200;  // in the innermost context only
inline constexpr uint8_t kRoot = 201;  // in the outermost
inline constexpr uint8_t kIndex = 202;
inline constexpr uint8_t kKey = 203;
inline constexpr uint8_t kFirst = 204;
inline constexpr uint8_t kLast = 205;

inline constexpr uint8_t kDynamic = 1;  // flag of kPartial and kParent

struct Slice {
  uint32_t begin = 0;
  uint32_t size = 0;
};

struct Key {
  uint32_t hash;
  Slice text;
};

// Where a unit is called. A dynamic call looks its name up among the units of
// its variant.
struct CallSite {
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t unit = kNone;  // kNone renders nothing
  uint32_t variant = 0;
  Slice indent;  // of a tag that stands alone: of each line of the unit
  // Of a parent: what it overrides, and where it ends.
  uint32_t first_override = 0;
  uint32_t override_count = 0;
  uint32_t after = 0;
};

struct Override {
  Key name;
  uint32_t body;     // its first operation
  bool starts_line;  // the body begins on a line of its own,
  bool ends_line;    // and ends with one
};

struct BlockSite {
  Key name;
  Slice indent;      // of each line that stands in for the default
  bool starts_line;  // the tag stands alone on its line
  // Where an override goes on. The operation there ends the line, and is left
  // out when the override has done so itself.
  bool newline_follows = false;
  uint32_t after = 0;
};

struct Argument {
  Slice name;  // of an option, or empty
  bool is_path;
  Op path;
  Value literal;
};

struct HelperSite {
  const Helper* helper;
  uint32_t first_argument = 0;
  uint32_t argument_count = 0;  // values first, then options
};

// One way to use partials.
struct Variant {
  bool indented = false;  // its lines may be indented
  HtmlContext context;    // where it begins and ends

  bool operator==(const Variant&) const = default;
};

struct Source {
  std::string name;
  Slice text;
  SourceOptions options;
};

struct Unit {
  uint32_t source;
  uint32_t variant;
  uint32_t start = 0;  // its first operation
};

// For dynamic names, sorted by variant and hash.
struct NamedUnit {
  uint32_t variant;
  uint32_t hash;
  uint32_t unit;
};

struct Code {
  std::string text;
  std::vector<Op> ops;
  std::vector<uint32_t> places;  // of each op, in `text`
  std::vector<Key> keys;
  std::vector<CallSite> calls;
  std::vector<Override> overrides;
  std::vector<BlockSite> blocks;
  std::vector<HelperSite> helpers;
  std::vector<Argument> arguments;
  std::vector<Variant> variants;
  std::vector<Source> sources;
  std::vector<Unit> units;  // the template itself is the first
  std::vector<NamedUnit> named;
  size_t longest_name = 0;  // of theirs
  std::vector<Place> unsafe;

  std::string_view View(Slice slice) const {
    return std::string_view(text).substr(slice.begin, slice.size);
  }
  std::string_view View(const Key& key) const { return View(key.text); }

  // The template that has the place `offset` of `text`.
  const Source& SourceAt(uint32_t offset) const;
  Diagnostic Describe(uint32_t offset, std::string message) const;

  // The name of an operand, as a template has it.
  std::string PathText(const Op& op) const;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_CODE_H_
