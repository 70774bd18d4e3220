// Partials, parents and blocks. LANGUAGE.md has the rules about lines.
#include "base/strings.h"
#include "services/templates/engine/compile.h"

namespace millrace::templates {

void UnitCompiler::Partial(const Tag& tag) {
  const Line line = LineOf(tag);
  Slice indent;
  if (line.alone && !InParent()) {
    Text(at_, line.begin);
    at_ = line.end;
    indent = AtLineStart(line.begin) ? Dedented(line.begin, tag.begin)
                                     : SliceOf(line.begin, tag.begin);
  } else {
    Before(tag);
    if (!InParent()) BeginLine(tag.begin);
  }
  if (InParent()) {
    Error(tag.begin, "only blocks may stand inside a parent");
    return;
  }
  Call(OpCode::kPartial, tag, indent, line.alone);
}

// Emits the call of what the tag names, dynamically or not.
void UnitCompiler::Call(OpCode code, const Tag& tag, Slice indent,
                        bool standalone) {
  const auto call = static_cast<uint32_t>(code_.calls.size());
  std::string_view name = tag.content;
  Op op = {.code = code, .b = call};
  if (name.empty()) {
    Error(tag.begin, "the tag has no name");
    return;
  }
  if (name.size() > linker_.options().bounds.name_bytes) {
    Error(tag.begin, StrCat("the name is longer than ",
                            linker_.options().bounds.name_bytes, " bytes"));
    return;
  }
  if (name.front() == '*') {
    name.remove_prefix(1);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    if (!Name(name, tag.begin, &op)) return;
    op.flags = kDynamic;
  }
  CallSite site;
  site.indent = indent;
  code_.calls.push_back(site);
  Emit(op, tag.begin);
  if (code == OpCode::kPartial) {
    ResolveCall(call, tag.content, tag.begin, standalone);
  }
}

void UnitCompiler::ResolveCall(uint32_t call, std::string_view name,
                               size_t place, bool standalone) {
  Variant variant;
  variant.indented =
      standalone && (splits_lines() || code_.calls[call].indent.size > 0);
  variant.context = context_;
  if (name.front() == '*') {
    code_.calls[call].variant = linker_.DynamicVariant(variant);
    context_.TakePartial();
    return;
  }
  context_.TakePartial();
  const uint32_t unit = linker_.UnitFor(name, variant, PlaceAt(place));
  code_.calls[call].unit = unit;
  if (unit != CallSite::kNone) {
    code_.calls[call].variant = code_.units[unit].variant;
  }
}

void UnitCompiler::Parent(const Tag& tag) {
  if (InParent()) {
    Before(tag);
    Error(tag.begin, "only blocks may stand inside a parent");
    return Push(Part::kWrong, tag, tag.content, 0);
  }
  // Whether it stands alone is known where it is closed; what is written of
  // the line before it is then taken back.
  size_t begin = tag.begin;
  while (begin > at_ &&
         (source_[begin - 1] == ' ' || source_[begin - 1] == '\t')) {
    --begin;
  }
  Text(at_, begin);
  at_ = begin;
  const uint32_t first_line_op = here();
  Before(tag);
  if (begin == tag.begin) BeginLine(tag.begin);
  const uint32_t call = static_cast<uint32_t>(code_.calls.size());
  Call(OpCode::kParent, tag, {}, false);
  if (call == code_.calls.size()) {
    return Push(Part::kWrong, tag, tag.content, 0);
  }
  Push(Part::kParent, tag, tag.content, here() - 1);
  Open& open = open_.back();
  open.first_line_op = first_line_op;
  open.at_line_start = AtLineStart(begin);
  open.indent = Dedented(begin, tag.begin);
  open.first_override = overrides_.size();
}

void UnitCompiler::CloseParent(const Open& open, const Tag& tag) {
  at_ = tag.end;
  open_.pop_back();
  const size_t line_end = EndOfBlankLine(tag.end);
  const bool standalone = open.at_line_start && line_end != source_.npos;
  const uint32_t index = code_.ops[open.op].b;
  if (standalone) {
    at_ = line_end;
    for (uint32_t op = open.first_line_op; op < open.op; ++op) {
      code_.ops[op] = {.code = OpCode::kText};
    }
    code_.calls[index].indent = open.indent;
  }
  code_.calls[index].after = here();
  code_.calls[index].first_override =
      static_cast<uint32_t>(code_.overrides.size());
  code_.calls[index].override_count =
      static_cast<uint32_t>(overrides_.size() - open.first_override);
  code_.overrides.insert(code_.overrides.end(),
                         overrides_.begin() + open.first_override,
                         overrides_.end());
  overrides_.resize(open.first_override);
  ResolveCall(index, open.name, open.tag, standalone);
}

void UnitCompiler::Block(const Tag& tag) {
  if (tag.content.empty() ||
      tag.content.size() > linker_.options().bounds.name_bytes) {
    Before(tag);
    Error(tag.begin, "the block has no name, or a very long one");
    return Push(Part::kWrong, tag, tag.content, 0);
  }
  if (InParent()) {
    BeginOverride(tag);
  } else {
    BeginBlock(tag);
  }
}

// A body that begins on a line of its own loses what its first line is
// indented by.
void UnitCompiler::BeginOverride(const Tag& tag) {
  at_ = tag.end;
  const Override body = {.name = linker_.MakeKey(SliceOf(tag.content)),
                         .body = here(),
                         .starts_line = false,
                         .ends_line = false};
  overrides_.push_back(body);
  Push(Part::kOverride, tag, tag.content,
       static_cast<uint32_t>(overrides_.size() - 1));
  open_.back().dedent = dedent_;
  open_.back().context = open_.back().ended = HtmlContext();
  ++overrides_open_;
  context_ = HtmlContext();
  const size_t next = EndOfBlankLine(tag.end);
  if (next != source_.npos && next > tag.end && source_[next - 1] == '\n') {
    at_ = next;
    overrides_.back().starts_line = true;
    size_t first = next;  // line that is not blank
    for (size_t end = EndOfBlankLine(first);
         end != source_.npos && end < source_.size();
         end = EndOfBlankLine(first)) {
      first = end;
    }
    dedent_ = WhiteSpaceAt(first);
  } else {
    dedent_ = {};
  }
  open_.back().body = at_;
}

void UnitCompiler::CloseOverride(const Open& open, const Tag& tag) {
  size_t begin = tag.begin;
  while (begin > at_ &&
         (source_[begin - 1] == ' ' || source_[begin - 1] == '\t')) {
    --begin;
  }
  const bool ends_line = AtLineStart(begin) && begin >= open.body &&
                         (begin > open.body || overrides_[open.op].starts_line);
  Text(at_, ends_line ? begin : tag.begin);
  at_ = tag.end;
  Emit({.code = OpCode::kEndBody}, tag.begin);
  overrides_[open.op].ends_line = ends_line;
  CheckContext(open, tag.begin);
  open_.pop_back();
  --overrides_open_;
  dedent_ = open.dedent;
  context_ = open_.back().context;  // of the parent
}

void UnitCompiler::BeginBlock(const Tag& tag) {
  BlockSite site = {};
  site.name = linker_.MakeKey(SliceOf(tag.content));
  const Line line = LineOf(tag);
  if (line.alone && line.end > tag.end) {
    // Of an empty default the line of the tag itself is what counts.
    site.starts_line = true;
    Text(at_, line.begin);
    at_ = line.end;
    const std::string_view inner = WhiteSpaceAt(line.end);
    const std::string closing = StrCat(open_delimiter_, "/");
    const bool empty =
        source_.substr(line.end + inner.size(), closing.size()) == closing;
    site.indent = empty ? Dedented(line.begin, tag.begin)
                        : Dedented(line.end, line.end + inner.size());
  } else {
    Before(tag);
    BeginLine(tag.begin);
    if (AtLineStart(line.begin)) site.indent = Dedented(line.begin, tag.begin);
  }
  if (contextual() && !context_.TakesBlocks()) {
    Error(tag.begin, StrCat("a block cannot stand in ", context_.Describe(),
                            "; put it into text or a quoted attribute"));
  }
  code_.blocks.push_back(site);
  const uint32_t op =
      Emit({.code = OpCode::kBlock,
            .b = static_cast<uint32_t>(code_.blocks.size() - 1)},
           tag.begin);
  Push(Part::kBlock, tag, tag.content, op);
}

// What stands in for the default may end its line where the default does not,
// and the other way round; the line is ended once (BlockSite).
void UnitCompiler::CloseBlock(const Open& open, const Tag& tag) {
  const Line line = LineOf(tag);
  const bool alone = line.alone && line.begin > open.tag;
  if (alone) {
    Text(at_, line.begin);
    at_ = line.end;
  } else {
    Before(tag);
    BeginLine(tag.begin);
  }
  open_.pop_back();
  CheckContext(open, tag.begin);
  BlockSite& site = code_.blocks[code_.ops[open.op].b];
  const size_t line_end = alone ? line.end : EndOfBlankLine(tag.end);
  const bool newline = line_end != source_.npos && line_end > tag.end &&
                       source_[line_end - 1] == '\n';
  site.newline_follows = newline;
  uint32_t skip = 0;
  if (newline && alone) skip = Emit({.code = OpCode::kJump}, tag.begin);
  site.after = here();
  if (newline) {
    const Slice slice = SliceOf(tag.end, line_end);
    if (contextual()) context_.Advance(source_.substr(tag.end, slice.size));
    Emit({.code = OpCode::kText, .a = slice.begin, .b = slice.size}, tag.end);
    at_ = line_end;
  }
  if (newline && alone) code_.ops[skip].b = here();
}

}  // namespace millrace::templates
