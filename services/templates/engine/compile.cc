#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {
namespace {

constexpr size_t kMaxDepth = 64;

}  // namespace

class Compiler {
 public:
  Compiler(std::string_view source, Escaping escaping) : source_(source) {
    program_.escaping_ = escaping;
  }

  absl::StatusOr<Program> Run() {
    size_t at = 0;
    while (at < source_.size()) {
      const size_t open = source_.find("{{", at);
      if (open == std::string_view::npos) break;
      absl::StatusOr<size_t> next = Tag(at, open);
      if (!next.ok()) return next.status();
      at = *next;
    }
    Text(source_.substr(at));
    if (!sections_.empty()) {
      const Section& section = sections_.back();
      return Error(section.at,
                   StrCat("section '", section.name,
                          "' is never closed; add {{/", section.name, "}}"));
    }
    return std::move(program_);
  }

 private:
  using Code = Program::Code;

  struct Section {
    std::string name;
    size_t at;  // in the source
    size_t op;
  };

  absl::Status Error(size_t at, std::string_view message) const {
    const std::string_view before = source_.substr(0, at);
    const size_t line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t start = before.rfind('\n');
    const size_t column =
        at - (start == std::string_view::npos ? 0 : start + 1) + 1;
    return absl::InvalidArgumentError(
        StrCat("template:", line, ":", column, ": ", message));
  }

  void Text(std::string_view text) {
    if (text.empty()) return;
    program_.ops_.push_back({.code = Code::kText, .text = std::string(text)});
  }

  // Compiles the text from `at` and the tag at `open`; answers where to go on.
  absl::StatusOr<size_t> Tag(size_t at, size_t open) {
    const bool triple = source_.substr(open).starts_with("{{{");
    const std::string_view closer = triple ? "}}}" : "}}";
    const size_t inner = open + (triple ? 3 : 2);
    const size_t close = source_.find(closer, inner);
    if (close == std::string_view::npos) {
      return Error(open, StrCat("tag is never closed; add ", closer));
    }
    const size_t end = close + closer.size();
    std::string_view content = source_.substr(inner, close - inner);
    char kind = triple ? '{' : content.empty() ? ' ' : content[0];
    if (std::string_view("#^/!&>=<$").find(kind) != std::string_view::npos) {
      content.remove_prefix(1);
    } else if (!triple) {
      kind = ' ';
    }
    const std::string name(
        FromAbsl(absl::StripAsciiWhitespace(ToAbsl(content))));

    size_t text_end = open;
    size_t next = end;
    const bool silent =
        kind == '#' || kind == '^' || kind == '/' || kind == '!';
    if (silent) StandAlone(at, &text_end, &next);
    Text(source_.substr(at, text_end - at));

    if (kind == '!') return next;
    if (kind == '>' || kind == '=' || kind == '<' || kind == '$') {
      return Error(open, StrCat("'{{", kind, "' is not supported; use ",
                                "variables, sections and comments"));
    }
    if (name.empty()) return Error(open, "tag has no name");
    if (kind == '/') {
      const absl::Status status = Close(name, open);
      if (!status.ok()) return status;
      return next;
    }
    Program::Op op;
    if (name != ".") {
      op.path = absl::StrSplit(name, '.');
      for (const std::string& part : op.path) {
        if (part.empty()) {
          return Error(open, StrCat("'", name, "' has an empty part"));
        }
      }
    }
    switch (kind) {
      case '#':
      case '^':
        if (sections_.size() == kMaxDepth) {
          return Error(open,
                       StrCat("sections are nested deeper than ", kMaxDepth));
        }
        op.code = kind == '#' ? Code::kSection : Code::kInverted;
        sections_.push_back({name, open, program_.ops_.size()});
        break;
      case '{':
      case '&':
        op.code = Code::kRawVariable;
        break;
      default:
        op.code = Code::kVariable;
    }
    program_.ops_.push_back(std::move(op));
    return next;
  }

  absl::Status Close(const std::string& name, size_t at) {
    if (sections_.empty()) {
      return Error(at, StrCat("'", name, "' is closed but was never opened"));
    }
    const Section section = sections_.back();
    if (section.name != name) {
      return Error(at, StrCat("'", name, "' is closed where '", section.name,
                              "' is open"));
    }
    sections_.pop_back();
    program_.ops_.push_back({.code = Code::kEnd, .jump = section.op});
    program_.ops_[section.op].jump = program_.ops_.size();
    return absl::OkStatus();
  }

  // A silent tag alone on its line takes the whole line with it.
  void StandAlone(size_t at, size_t* text_end, size_t* next) const {
    size_t left = *text_end;
    while (left > at && (source_[left - 1] == ' ' || source_[left - 1] == '\t'))
      --left;
    if (left > 0 && source_[left - 1] != '\n') return;
    size_t right = *next;
    while (right < source_.size() &&
           (source_[right] == ' ' || source_[right] == '\t'))
      ++right;
    if (right < source_.size()) {
      if (source_.substr(right).starts_with("\r\n")) {
        right += 2;
      } else if (source_[right] == '\n') {
        right += 1;
      } else {
        return;
      }
    }
    *text_end = left;
    *next = right;
  }

  std::string_view source_;
  Program program_;
  std::vector<Section> sections_;
};

absl::StatusOr<Program> Program::Compile(std::string_view source,
                                         Escaping escaping) {
  return Compiler(source, escaping).Run();
}

}  // namespace millrace::templates
