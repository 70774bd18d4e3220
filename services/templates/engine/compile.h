// Compiles one unit: a template or a partial in one variant.
//
// One pass over the source, tag by tag, with a stack of what is open. The
// methods are spread over files by what they are about: compile.cc (text, tags
// and lines), compile_sections.cc, compile_partials.cc (partials, parents and
// blocks), compile_names.cc (names, helpers and their arguments).
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_COMPILE_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_COMPILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/templates/engine/code.h"
#include "services/templates/engine/link.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {

class UnitCompiler {
 public:
  UnitCompiler(Linker* linker, uint32_t unit);
  void Run();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // A tag; offsets are in the source.
  struct Tag {
    char kind = 0;  // '#', '^', '/', '!', '>', '<', '$', '=', '&', or 0
    size_t begin = 0;
    size_t end = 0;
    std::string_view content;  // without its kind and the spaces around it
  };

  // The line of a tag that stands alone on it.
  struct Line {
    bool alone = false;
    size_t begin = 0;  // of the white space before the tag
    size_t end = 0;    // behind the end of the line
  };

  enum class Part : uint8_t {
    kSection,  // and kEach, kWith: ends in kEndSection
    kBranch,   // kInverted or kIf: ends in nothing
    kElse,     // of either of them
    kParent,
    kOverride,
    kBlock,
    kWrong,  // its tag had an error: what is in it is compiled all the same
  };

  struct Open {
    Part part;
    std::string_view name;   // that the closing tag must have
    size_t tag = 0;          // its place
    uint32_t op = 0;         // that opened it
    uint32_t exits = kNone;  // jumps to its end: each has the next one in `b`
    HtmlContext context;     // where it began
    HtmlContext ended;       // where the branches before have ended
    // Of parents.
    uint32_t first_line_op = 0;  // what was written of the line before it
    bool at_line_start = false;
    Slice indent;
    size_t first_override = 0;
    // Of overrides and blocks.
    std::string_view dedent;
    bool starts_line = false;
    size_t body = 0;
  };

  // compile.cc
  bool ReadTag(size_t open, Tag* tag);
  void Compile(const Tag& tag);
  void SetDelimiters(const Tag& tag);
  void Variable(const Tag& tag, bool unsafe);
  std::optional<Escape> EscapeHere(const Tag& tag, bool unsafe);
  void Text(size_t begin, size_t end);
  void Before(const Tag& tag);
  bool SilentLine(const Tag& tag);
  void BeginLine(size_t offset);
  Line LineOf(const Tag& tag) const;
  bool AtLineStart(size_t offset) const;
  size_t EndOfBlankLine(size_t offset) const;
  std::string_view WhiteSpaceAt(size_t offset) const;
  Slice Dedented(size_t begin, size_t end) const;

  // compile_sections.cc
  void Section(const Tag& tag);
  bool Keyword(const Tag& tag);
  void Else(const Tag& tag);
  void Close(const Tag& tag);
  void EndBranch(Open* open, const Tag& tag);
  void CheckRepeats(const Open& open);
  bool Repeat(const Open& open, HtmlContext* context);
  void PatchExits(const Open& open);
  void Push(Part part, const Tag& tag, std::string_view name, uint32_t op);
  void CheckContext(const Open& open, size_t place);
  void Unclosed();

  // compile_partials.cc
  void Partial(const Tag& tag);
  void Parent(const Tag& tag);
  void CloseParent(const Open& open, const Tag& tag);
  void Block(const Tag& tag);
  void BeginOverride(const Tag& tag);
  void BeginBlock(const Tag& tag);
  void CloseBlock(const Open& open, const Tag& tag);
  void CloseOverride(const Open& open, const Tag& tag);
  void Call(OpCode code, const Tag& tag, Slice indent, bool standalone);
  void ResolveCall(uint32_t call, std::string_view name, size_t place,
                   bool standalone);
  bool InParent() const {
    return !open_.empty() && open_.back().part == Part::kParent;
  }

  // compile_names.cc
  bool Name(std::string_view text, size_t place, Op* op);
  bool Parts(std::string_view text, std::string_view all, size_t place, Op* op);
  bool Words(std::string_view text, size_t place,
             std::vector<std::string_view>* words);
  void HelperTag(const Tag& tag, const std::vector<std::string_view>& words);
  bool MakeArgument(std::string_view word, size_t place, Argument* argument);

  uint32_t Emit(Op op, size_t place);
  uint32_t here() const { return static_cast<uint32_t>(code_.ops.size()); }
  Slice SliceOf(std::string_view text) const;
  Slice SliceOf(size_t begin, size_t end) const {
    return {base_ + static_cast<uint32_t>(begin),
            static_cast<uint32_t>(end - begin)};
  }
  uint32_t PlaceAt(size_t offset) const {
    return base_ + static_cast<uint32_t>(offset);
  }
  void Error(size_t place, std::string message) {
    linker_.Error(PlaceAt(place), std::move(message));
  }
  bool extended() const { return extended_; }
  bool contextual() const {
    return linker_.options().escaping == Escaping::kContextual;
  }
  // Whether each line has an operation of its own, to be indented.
  bool splits_lines() const { return indented_ || overrides_open_ > 0; }

  Linker& linker_;
  Code& code_;
  const uint32_t unit_;
  const bool indented_;
  const bool extended_;
  const std::string_view source_;
  const uint32_t base_;  // of the source in Code::text
  size_t at_ = 0;        // all before is compiled
  std::string_view open_delimiter_ = "{{";
  std::string_view close_delimiter_ = "}}";
  std::vector<Open> open_;
  std::vector<Override> overrides_;  // of the parents that are open
  int overrides_open_ = 0;
  std::string_view dedent_;  // white space that begins each line of the body
  HtmlContext context_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_COMPILE_H_
