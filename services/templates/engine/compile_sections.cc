// Sections, the blocks of Syntax::kExtended, and what closes them.
#include "base/strings.h"
#include "base/suggest.h"
#include "services/templates/engine/compile.h"

namespace millrace::templates {
namespace {

absl::Status Elsewhere() {
  return absl::InvalidArgumentError(
      "this stands elsewhere in the HTML than at first; close in the section "
      "what it opens");
}

// Whether a value that is escaped by `was` may stand where `now` is asked for.
// Any escape of a URL may in any part of one: none lets a harmful scheme begin.
absl::Status Fits(Escape was, const absl::StatusOr<Escape>& now) {
  if (was == Escape::kNone) return absl::OkStatus();
  if (!now.ok()) return now.status();
  const auto is_url = [](Escape escape) {
    return escape >= Escape::kUrl && escape <= Escape::kUrlQuery;
  };
  if (was == *now || (is_url(was) && is_url(*now))) return absl::OkStatus();
  return Elsewhere();
}

}  // namespace

void UnitCompiler::Push(Part part, const Tag& tag, std::string_view name,
                        uint32_t op) {
  if (open_.size() == linker_.options().bounds.nesting) {
    Error(tag.begin, StrCat("tags are nested deeper than ",
                            linker_.options().bounds.nesting));
    part = Part::kWrong;
  }
  Open& open = open_.emplace_back();
  open.part = part;
  open.name = name;
  open.tag = tag.begin;
  open.op = op;
  open.context = open.ended = context_;
}

void UnitCompiler::Section(const Tag& tag) {
  if (!SilentLine(tag)) {
    Before(tag);
    if (!InParent()) BeginLine(tag.begin);
  }
  if (InParent()) {
    Error(tag.begin, "only blocks may stand inside a parent");
    return Push(Part::kWrong, tag, tag.content, 0);
  }
  if (extended() && tag.kind == '#' && Keyword(tag)) return;
  Op op = {.code = tag.kind == '#' ? OpCode::kSection : OpCode::kInverted};
  if (!Name(tag.content, tag.begin, &op)) {
    return Push(Part::kWrong, tag, tag.content, 0);
  }
  Push(tag.kind == '#' ? Part::kSection : Part::kBranch, tag, tag.content,
       Emit(op, tag.begin));
}

// {{#if x}} and its like; false when the tag is none of them.
bool UnitCompiler::Keyword(const Tag& tag) {
  std::vector<std::string_view> words;
  if (!Words(tag.content, tag.begin, &words)) {
    Push(Part::kWrong, tag, tag.content, 0);
    return true;
  }
  if (words.size() < 2) return false;
  OpCode code;
  Part part = Part::kSection;
  if (words[0] == "if" || words[0] == "unless") {
    code = words[0] == "if" ? OpCode::kIf : OpCode::kInverted;
    part = Part::kBranch;
  } else if (words[0] == "each") {
    code = OpCode::kEach;
  } else if (words[0] == "with") {
    code = OpCode::kWith;
  } else {
    Error(tag.begin,
          StrCat("'#", words[0], "' is no block that takes a value",
                 DidYouMean(words[0], {"if", "unless", "each", "with"})));
    Push(Part::kWrong, tag, words[0], 0);
    return true;
  }
  Op op = {.code = code};
  if (words.size() != 2) {
    Error(tag.begin, StrCat("'#", words[0], "' takes one name"));
    part = Part::kWrong;
  } else if (!Name(words[1], tag.begin, &op)) {
    part = Part::kWrong;
  }
  Push(part, tag, words[0], part == Part::kWrong ? 0 : Emit(op, tag.begin));
  return true;
}

// {{else}}, {{^}} and {{else if x}}.
void UnitCompiler::Else(const Tag& tag) {
  if (!SilentLine(tag)) {
    Before(tag);
    if (!InParent()) BeginLine(tag.begin);
  }
  if (open_.empty() || (open_.back().part != Part::kSection &&
                        open_.back().part != Part::kBranch)) {
    if (!open_.empty() && open_.back().part == Part::kWrong) return;
    Error(tag.begin, "'else' stands in no section, or behind another 'else'");
    return;
  }
  Open& open = open_.back();
  std::vector<std::string_view> words;
  if (!Words(tag.content, tag.begin, &words)) return;
  EndBranch(&open, tag);
  if (words.size() <= 1) {
    open.part = Part::kElse;
    return;
  }
  if (words.size() != 3 || (words[1] != "if" && words[1] != "unless")) {
    Error(tag.begin, "write 'else', 'else if NAME' or 'else unless NAME'");
    open.part = Part::kWrong;
    return;
  }
  Op op = {.code = words[1] == "if" ? OpCode::kIf : OpCode::kInverted};
  if (!Name(words[2], tag.begin, &op)) {
    open.part = Part::kWrong;
    return;
  }
  open.part = Part::kBranch;
  open.op = Emit(op, tag.begin);
}

// A list renders the section again, from where it has ended: what is there then
// must be escaped as it is.
void UnitCompiler::CheckRepeats(const Open& open) {
  if (!contextual() || code_.ops[open.op].code == OpCode::kWith) return;
  // After an error jumps may have no target.
  if (!linker_.errors().empty()) return;
  constexpr int kRounds = 3;  // by then nothing new comes of it
  HtmlContext again = context_;
  for (int round = 0; round < kRounds && again != open.context; ++round) {
    again.ForgetSlash();
    HtmlContext ended = again;
    if (!linker_.MayRepeat(at_ - open.tag)) {
      Error(open.tag, StrCat("'", open.name,
                             "' does not end in the HTML where it begins, and "
                             "is too long to see what follows from that; close "
                             "in it what it opens"));
      return;
    }
    if (!Repeat(open, &ended) || ended == again) return;
    again = ended;
  }
}

// Follows what is open since `open` from `context` on; false after an error.
bool UnitCompiler::Repeat(const Open& open, HtmlContext* context) {
  const uint32_t first = open.op + 1;
  std::vector<std::optional<HtmlContext>> before(here() - first + 1);
  before.front() = *context;
  const auto reach = [&](uint32_t op, const HtmlContext& there) {
    std::optional<HtmlContext>& known = before[op - first];
    if (known) return known->Join(there);
    known = there;
    return true;
  };
  for (uint32_t i = first; i < here(); ++i) {
    if (!before[i - first]) continue;
    HtmlContext now = *before[i - first];
    const Op& op = code_.ops[i];
    absl::Status fits;
    uint32_t next = i + 1;
    switch (op.code) {
      case OpCode::kText:
        now.Advance(code_.View(Slice{op.a, op.b}));
        break;
      case OpCode::kVariable:
      case OpCode::kHelper:
        fits = Fits(static_cast<Escape>(op.flags), now.TakeValue());
        break;
      case OpCode::kPartial:
      case OpCode::kParent: {
        const CallSite& call = code_.calls[op.b];
        HtmlContext was = code_.variants[call.variant].context;
        HtmlContext in = now;
        const absl::StatusOr<Escape> escape = was.TakeValue();
        const bool is_there =
            call.unit != CallSite::kNone || (op.flags & kDynamic) != 0;
        if (is_there && escape.ok()) fits = Fits(*escape, in.TakeValue());
        now.TakePartial();
        if (op.code == OpCode::kParent) next = call.after;
        break;
      }
      case OpCode::kSection:
      case OpCode::kInverted:
      case OpCode::kIf:
      case OpCode::kEach:
      case OpCode::kWith:
        if (!reach(op.b, now)) fits = Elsewhere();
        break;
      case OpCode::kEndSection:
      case OpCode::kJump:
        next = op.b;
        break;
      case OpCode::kBlock:
        if (!now.TakesBlocks()) fits = Elsewhere();
        break;
      default:
        break;
    }
    if (fits.ok() && !reach(next, now)) fits = Elsewhere();
    if (!fits.ok()) {
      linker_.Error(
          code_.places[i],
          StrCat("when '", open.name, "' is repeated, ", MessageOf(fits)));
      return false;
    }
  }
  if (before.back()) *context = *before.back();
  return true;
}

// Ends what is rendered when the tag that opened it says so; what follows is
// rendered when not.
void UnitCompiler::EndBranch(Open* open, const Tag& tag) {
  const bool is_section = open->part == Part::kSection;
  if (is_section) CheckRepeats(*open);
  const uint32_t exit =
      Emit({.code = is_section ? OpCode::kEndSection : OpCode::kJump,
            .a = open->op,
            .b = open->exits},
           tag.begin);
  open->exits = exit;
  code_.ops[open->op].b = here();
  CheckContext(*open, tag.begin);
  open->ended = context_;
  context_ = open->context;
}

void UnitCompiler::PatchExits(const Open& open) {
  for (uint32_t exit = open.exits; exit != kNone;) {
    const uint32_t next = code_.ops[exit].b;
    code_.ops[exit].b = here();
    exit = next;
  }
}

// Whether a branch was rendered or not, what follows is in one context.
void UnitCompiler::CheckContext(const Open& open, size_t place) {
  if (!contextual()) return;
  const std::string now = context_.Describe();
  HtmlContext joined = context_;
  if (joined.Join(open.ended)) {
    context_ = joined;
    return;
  }
  Error(place, StrCat("'", open.name, "' ends in ", now, " here, and in ",
                      open.ended.Describe(),
                      " when it is left out; close in it what it opens"));
  context_ = open.ended;
}

void UnitCompiler::Close(const Tag& tag) {
  if (!extended() || tag.content != "else") {
    // Which tag it closes decides about its line.
    size_t depth = open_.size();
    while (depth > 0 && open_[depth - 1].name != tag.content) --depth;
    if (depth == 0) {
      if (!SilentLine(tag)) Before(tag);
      std::vector<std::string> names;
      for (const Open& open : open_) names.emplace_back(open.name);
      Error(tag.begin,
            StrCat("'", tag.content, "' is closed but was never opened",
                   DidYouMean(tag.content, names)));
      return;
    }
    for (; open_.size() > depth; open_.pop_back()) {
      const Open& open = open_.back();
      Error(tag.begin,
            StrCat("'", tag.content, "' is closed where '", open.name,
                   "' is open; add {{/", open.name, "}} before it"));
      if (open.part == Part::kOverride) {
        --overrides_open_;
        dedent_ = open.dedent;
      }
    }
  }
  if (open_.empty()) return;
  const Open open = open_.back();
  switch (open.part) {
    case Part::kParent:
      return CloseParent(open, tag);
    case Part::kOverride:
      return CloseOverride(open, tag);
    case Part::kBlock:
      return CloseBlock(open, tag);
    default:
      break;
  }
  if (!SilentLine(tag)) {
    Before(tag);
    if (!InParent()) BeginLine(tag.begin);
  }
  open_.pop_back();
  switch (open.part) {
    case Part::kSection:
      CheckRepeats(open);
      Emit({.code = OpCode::kEndSection, .a = open.op, .b = here() + 1},
           tag.begin);
      code_.ops[open.op].b = here();
      break;
    case Part::kBranch:
      code_.ops[open.op].b = here();
      break;
    default:
      break;
  }
  CheckContext(open, tag.begin);
  PatchExits(open);
}

void UnitCompiler::Unclosed() {
  for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
    const char* what =
        open->part == Part::kParent ? "parent"
        : open->part == Part::kBlock || open->part == Part::kOverride
            ? "block"
            : "section";
    Error(open->tag, StrCat(what, " '", open->name,
                            "' is never closed; add {{/", open->name, "}}"));
  }
}

}  // namespace millrace::templates
