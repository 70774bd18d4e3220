// Text of generated code, line by line.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_WRITER_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {

class Writer {
 public:
  // One or more lines, put together as by StrCat. Those that are not empty are
  // indented.
  template <typename... Args>
  void Line(const Args&... args) {
    Append(StrCat(args...));
  }

  // "head(a, b)tail", broken where the line ends.
  void Call(std::string_view head, const std::vector<std::string>& arguments,
            std::string_view tail) {
    Append(Breakable(head, arguments, tail, 80 - indent_));
  }

  // "head<a, b>tail", as many to a line as fit.
  void List(std::string_view head, const std::vector<std::string>& items,
            std::string_view tail) {
    Append(BracketedList(head, items, tail, 80 - indent_));
  }

  // "left right" on one line, or on two.
  void Statement(const std::string& left, const std::string& right) {
    const std::string line = StrCat(left, " ", right);
    Append(Fits(line) ? line : StrCat(left, "\n    ", right));
  }

  bool Fits(const std::string& line) const {
    return indent_ + line.size() <= 80;
  }

  // Lines that have their line breaks already, such as comments.
  void Lines(std::string_view lines) {
    if (lines.empty()) return;
    Append(lines.substr(0, lines.size() - 1));
  }

  void Indent(int columns = 2) { indent_ += static_cast<size_t>(columns); }
  void Outdent(int columns = 2) { indent_ -= static_cast<size_t>(columns); }

  const std::string& text() const { return text_; }

 private:
  void Append(std::string_view lines) {
    for (;;) {
      const size_t end = lines.find('\n');
      const std::string_view line = lines.substr(0, end);
      if (!line.empty()) StrAppend(&text_, std::string(indent_, ' '), line);
      text_ += '\n';
      if (end == lines.npos) return;
      lines.remove_prefix(end + 1);
    }
  }

  std::string text_;
  size_t indent_ = 0;
};

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_WRITER_H_
