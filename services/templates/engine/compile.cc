#include "services/templates/engine/compile.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::templates {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsSpace(char c) { return IsBlank(c) || c == '\n' || c == '\r'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

UnitCompiler::UnitCompiler(Linker* linker, uint32_t unit)
    : linker_(*linker),
      code_(linker->code()),
      unit_(unit),
      indented_(code_.variants[code_.units[unit].variant].indented),
      extended_(code_.sources[code_.units[unit].source].options.syntax ==
                Syntax::kExtended),
      source_(linker->SourceOf(unit)),
      base_(code_.sources[code_.units[unit].source].text.begin),
      context_(code_.variants[code_.units[unit].variant].context) {}

void UnitCompiler::Run() {
  code_.units[unit_].start = here();
  while (at_ < source_.size() && !linker_.full_of_errors()) {
    const size_t open = source_.find(open_delimiter_, at_);
    Tag tag;
    if (open == source_.npos || !ReadTag(open, &tag)) break;
    Compile(tag);
  }
  Text(at_, source_.size());
  Unclosed();
  const HtmlContext& begin = code_.variants[code_.units[unit_].variant].context;
  if (contextual() && unit_ != 0 && !context_.EndsWell(begin)) {
    Error(source_.size(),
          StrCat("the partial begins in ", begin.Describe(), " and ends in ",
                 context_.Describe(), "; it must end where it began"));
  }
  Emit({.code = OpCode::kEnd}, source_.size());
}

// False when it has no end.
bool UnitCompiler::ReadTag(size_t open, Tag* tag) {
  size_t begin = open + open_delimiter_.size();
  tag->begin = open;
  if (begin < source_.size() && source_[begin] == '{') {
    tag->kind = '&';
    const std::string closer = StrCat("}", close_delimiter_);
    const size_t close = source_.find(closer, ++begin);
    if (close == source_.npos) {
      Error(open, StrCat("the tag is never closed; add ", closer));
      return false;
    }
    tag->content = Trim(source_.substr(begin, close - begin));
    tag->end = close + closer.size();
    return true;
  }
  size_t close = source_.find(close_delimiter_, begin);
  if (close == source_.npos) {
    Error(open, StrCat("the tag is never closed; add ", close_delimiter_));
    return false;
  }
  tag->end = close + close_delimiter_.size();
  std::string_view content = Trim(source_.substr(begin, close - begin));
  constexpr std::string_view kKinds = "#^/!><$=&";
  if (!content.empty() && kKinds.find(content.front()) != kKinds.npos) {
    tag->kind = content.front();
    content = Trim(content.substr(1));
  }
  tag->content = content;
  return true;
}

void UnitCompiler::Compile(const Tag& tag) {
  switch (tag.kind) {
    case '!':
      if (!SilentLine(tag)) Before(tag);
      return;
    case '=':
      return SetDelimiters(tag);
    case '#':
      return Section(tag);
    case '^':
      return tag.content.empty() && extended() ? Else(tag) : Section(tag);
    case '/':
      return Close(tag);
    case '>':
      return Partial(tag);
    case '<':
      return Parent(tag);
    case '$':
      return Block(tag);
    case '&':
      return Variable(tag, true);
    default:
      if (extended() &&
          (tag.content == "else" || tag.content.substr(0, 5) == "else ")) {
        return Else(tag);
      }
      return Variable(tag, false);
  }
}

void UnitCompiler::SetDelimiters(const Tag& tag) {
  if (!SilentLine(tag)) Before(tag);
  std::string_view content = tag.content;
  const auto wrong = [&] {
    Error(tag.begin,
          "delimiters are set by two words between equals signs, "
          "as in {{=<% %>=}}");
  };
  if (content.empty() || content.back() != '=') return wrong();
  content = Trim(content.substr(0, content.size() - 1));
  const size_t gap =
      std::find_if(content.begin(), content.end(), IsSpace) - content.begin();
  const std::string_view open = content.substr(0, gap);
  const std::string_view close = Trim(content.substr(gap));
  const auto is_word = [](std::string_view text) {
    return !text.empty() && text.find('=') == text.npos &&
           std::none_of(text.begin(), text.end(), IsSpace);
  };
  if (!is_word(open) || !is_word(close)) return wrong();
  open_delimiter_ = open;
  close_delimiter_ = close;
}

void UnitCompiler::Variable(const Tag& tag, bool unsafe) {
  Before(tag);
  if (InParent()) {
    Error(tag.begin,
          "only blocks may stand inside a parent: a value here would never be "
          "rendered");
    return;
  }
  BeginLine(tag.begin);
  const std::optional<Escape> escape = EscapeHere(tag, unsafe);
  if (!escape) return;
  if (extended() &&
      std::any_of(tag.content.begin(), tag.content.end(), IsSpace)) {
    std::vector<std::string_view> words;
    if (!Words(tag.content, tag.begin, &words)) return;
    if (words.size() > 1) {
      HelperTag(tag, words);
      code_.ops.back().flags = static_cast<uint8_t>(*escape);
      return;
    }
  }
  Op op = {.code = OpCode::kVariable, .flags = static_cast<uint8_t>(*escape)};
  if (Name(tag.content, tag.begin, &op)) Emit(op, tag.begin);
}

std::optional<Escape> UnitCompiler::EscapeHere(const Tag& tag, bool unsafe) {
  if (linker_.options().escaping == Escaping::kNone) return Escape::kNone;
  if (unsafe) {
    const Source& source = code_.sources[code_.units[unit_].source];
    if (!source.options.allow_unsafe) {
      Error(tag.begin,
            "values that are not escaped are not permitted here; write {{ }}");
      return std::nullopt;
    }
    // To find the line of each of very many would take too long.
    if (code_.unsafe.size() < kMaxUnsafePlaces) {
      code_.unsafe.push_back(PlaceOf(source.name, source_, tag.begin));
    }
    if (contextual()) (void)context_.TakeValue();
    return Escape::kNone;
  }
  if (!contextual()) return Escape::kHtml;
  const absl::StatusOr<Escape> escape = context_.TakeValue();
  if (escape.ok()) return *escape;
  Error(tag.begin, std::string(MessageOf(escape.status())));
  return std::nullopt;
}

// The text between a parent and its blocks is not rendered.
void UnitCompiler::Text(size_t begin, size_t end) {
  if (begin >= end || InParent()) return;
  if (contextual()) context_.Advance(source_.substr(begin, end - begin));
  const auto emit = [this](size_t from, size_t to) {
    if (from == to) return;
    const Slice slice = SliceOf(from, to);
    Emit({.code = OpCode::kText, .a = slice.begin, .b = slice.size}, from);
  };
  if (!splits_lines()) return emit(begin, end);
  while (begin < end) {
    const size_t newline = source_.find('\n', begin);
    const size_t line_end = newline < end ? newline + 1 : end;
    if (AtLineStart(begin)) {
      BeginLine(begin);
      const Slice rest = Dedented(begin, line_end);
      begin = rest.begin - base_;
    }
    emit(begin, line_end);
    begin = line_end;
  }
}

// All that stands before a tag which does not stand alone.
void UnitCompiler::Before(const Tag& tag) {
  Text(at_, tag.begin);
  at_ = tag.end;
}

// A tag that renders nothing takes its line with it when it stands alone.
bool UnitCompiler::SilentLine(const Tag& tag) {
  const Line line = LineOf(tag);
  if (!line.alone) return false;
  Text(at_, line.begin);
  at_ = line.end;
  return true;
}

// Of what is rendered at `offset`, when a line begins there.
void UnitCompiler::BeginLine(size_t offset) {
  if (splits_lines() && AtLineStart(offset)) {
    Emit({.code = OpCode::kIndent}, offset);
  }
}

bool UnitCompiler::AtLineStart(size_t offset) const {
  return offset == 0 || source_[offset - 1] == '\n';
}

UnitCompiler::Line UnitCompiler::LineOf(const Tag& tag) const {
  Line line;
  line.begin = tag.begin;
  while (line.begin > at_ && IsBlank(source_[line.begin - 1])) --line.begin;
  if (!AtLineStart(line.begin)) return line;
  line.end = EndOfBlankLine(tag.end);
  line.alone = line.end != source_.npos;
  return line;
}

// Behind the end of the line, when only white space stands before it; the end
// of the source is one, too. Else npos.
size_t UnitCompiler::EndOfBlankLine(size_t offset) const {
  while (offset < source_.size() && IsBlank(source_[offset])) ++offset;
  if (offset == source_.size()) return offset;
  if (source_[offset] == '\n') return offset + 1;
  if (source_.substr(offset, 2) == "\r\n") return offset + 2;
  return source_.npos;
}

std::string_view UnitCompiler::WhiteSpaceAt(size_t offset) const {
  size_t end = offset;
  while (end < source_.size() && IsBlank(source_[end])) ++end;
  return source_.substr(offset, end - offset);
}

// Without what all lines of the override have, as far as this one has it.
Slice UnitCompiler::Dedented(size_t begin, size_t end) const {
  size_t i = 0;
  while (i < dedent_.size() && begin < end && source_[begin] == dedent_[i]) {
    ++begin;
    ++i;
  }
  return SliceOf(begin, end);
}

Slice UnitCompiler::SliceOf(std::string_view text) const {
  const size_t begin = static_cast<size_t>(text.data() - source_.data());
  return SliceOf(begin, begin + text.size());
}

uint32_t UnitCompiler::Emit(Op op, size_t place) {
  code_.ops.push_back(op);
  code_.places.push_back(PlaceAt(place));
  return here() - 1;
}

}  // namespace millrace::templates
