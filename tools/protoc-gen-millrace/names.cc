#include "tools/protoc-gen-millrace/names.h"

#include <google/protobuf/compiler/cpp/names.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

std::string Stem(const pb::FileDescriptor* file) {
  return pb::compiler::cpp::StripProto(file->name());
}

size_t LastLineLength(const std::string& text) {
  const size_t newline = text.rfind('\n');
  return newline == text.npos ? text.size() : text.size() - newline - 1;
}

auto LineBreaks(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

// The arguments, as many to a line as fit, on lines that begin at `column`. ""
// when one does not fit, the last with `tail` more characters behind it.
std::string Packed(const std::vector<std::string>& arguments, size_t column,
                   size_t tail, size_t width) {
  std::string text;
  size_t at = column;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool last = i + 1 == arguments.size();
    const size_t need = arguments[i].size() + (last ? tail : 1);
    const bool first = i == 0;
    if (!first && at + 1 + need > width) {
      StrAppend(&text, "\n", std::string(column, ' '));
      at = column;
    } else if (!first) {
      text += ' ';
      ++at;
    }
    if (at + need > width) return "";
    StrAppend(&text, arguments[i], last ? "" : ",");
    at += need;
  }
  return text;
}

}  // namespace

std::string HeaderName(const pb::FileDescriptor* file) {
  return Stem(file) + ".millrace.h";
}

std::string SourceName(const pb::FileDescriptor* file) {
  return Stem(file) + ".millrace.cc";
}

std::string MessagesHeaderName(const pb::FileDescriptor* file) {
  return Stem(file) + ".pb.h";
}

std::string GuardName(const pb::FileDescriptor* file) {
  std::string name = absl::AsciiStrToUpper(HeaderName(file)) + "_";
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

std::string NamespaceName(const pb::FileDescriptor* file) {
  return absl::StrReplaceAll(file->package(), {{".", "::"}});
}

std::string TypeName(const pb::Descriptor* message,
                     const pb::ServiceDescriptor* service) {
  const std::string name = TypeName(message, service->file());
  return service->FindMethodByName(name) == nullptr
             ? name
             : pb::compiler::cpp::QualifiedClassName(message);
}

std::string TypeName(const pb::Descriptor* message,
                     const pb::FileDescriptor* file) {
  return message->file()->package() == file->package()
             ? pb::compiler::cpp::ClassName(message)
             : pb::compiler::cpp::QualifiedClassName(message);
}

std::string EnumConstant(const pb::EnumValueDescriptor* value) {
  const pb::EnumDescriptor* type = value->type();
  const std::string space = NamespaceName(type->file());
  return StrCat(space.empty() ? "" : "::", space, "::",
                type->containing_type() == nullptr
                    ? ""
                    : pb::compiler::cpp::ClassName(type) + "_",
                pb::compiler::cpp::EnumValueName(value));
}

std::string CommentLines(const std::string& text) {
  std::string comment;
  if (text.empty()) return comment;
  absl::string_view rest = absl::StripTrailingAsciiWhitespace(text);
  if (absl::StartsWith(rest, "* ")) rest.remove_prefix(1);  // of a "/**"
  for (absl::string_view line : absl::StrSplit(rest, '\n')) {
    std::string words(absl::StripTrailingAsciiWhitespace(line));
    // A lone carriage return would end the comment, for some compilers.
    for (char& c : words) {
      if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
    }
    // And a backslash would have the next line in it.
    if (!words.empty() && words.back() == '\\') words += '.';
    StrAppend(&comment, "//", words.empty() || words[0] == ' ' ? "" : " ",
              words, "\n");
  }
  return comment;
}

std::string WrappedComment(const std::string& text) {
  std::string lines;
  for (absl::string_view paragraph : absl::StrSplit(text, '\n')) {
    size_t column = 0;
    for (absl::string_view word :
         absl::StrSplit(paragraph, ' ', absl::SkipEmpty())) {
      if (column > 0 && column + 1 + word.size() > 77) {
        lines += '\n';
        column = 0;
      }
      StrAppend(&lines, column == 0 ? "" : " ", word);
      column += word.size() + (column == 0 ? 0 : 1);
    }
    lines += '\n';
  }
  return CommentLines(lines);
}

std::string Breakable(std::string_view head,
                      const std::vector<std::string>& arguments,
                      std::string_view tail, size_t width) {
  std::string open = StrCat(head, "(");
  if (open.size() > width) {  // the type of a function on a line of its own
    const size_t space = open.rfind(' ');
    if (space != open.npos) open[space] = '\n';
  }
  const std::string end = StrCat(")", tail);
  const std::string aligned =
      Packed(arguments, LastLineLength(open), end.size(), width);
  if (arguments.empty()) return StrCat(open, end);
  std::string hanging = Packed(arguments, 4, end.size(), width);
  if (!aligned.empty() && LineBreaks(aligned) <= LineBreaks(hanging) + 1) {
    return StrCat(open, aligned, end);
  }
  if (hanging.empty()) {  // one is too long for any line
    for (const std::string& argument : arguments) {
      StrAppend(&hanging, hanging.empty() ? "" : ",\n    ", argument);
    }
  }
  return StrCat(open, "\n    ", hanging, end);
}

std::string BracketedList(std::string_view head,
                          const std::vector<std::string>& items,
                          std::string_view tail, size_t width) {
  const std::string open = StrCat(head, "<");
  const std::string end = StrCat(">", tail);
  const std::string packed = Packed(items, open.size(), end.size(), width);
  if (!packed.empty() || items.empty()) return StrCat(open, packed, end);
  std::string lines;
  for (const std::string& item : items) {
    StrAppend(&lines, lines.empty() ? "" : ",\n    ", item);
  }
  return StrCat(open, "\n    ", lines, end);
}

std::string Quoted(std::string_view text) {
  return StrCat("\"", absl::CEscape(ToAbsl(text)), "\"");
}

std::string ListOf(const std::vector<std::string>& words,
                   std::string_view conjunction) {
  std::string list;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) {
      StrAppend(&list,
                i + 1 < words.size() ? ", " : StrCat(" ", conjunction, " "));
    }
    list += words[i];
  }
  return list;
}

}  // namespace millrace::compiler
