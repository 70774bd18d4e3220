#include "runtime/config_print.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "runtime/config_schema.h"
#include "runtime/config_values.h"

namespace millrace::runtime {
namespace {

using google::protobuf::FieldDescriptor;

// Where comments begin, at most: longer lines have them right behind.
constexpr size_t kWidest = 56;

struct Line {
  std::string text;
  std::string comment;
};

// YAML would read it as the same text, whatever the context.
bool IsPlain(std::string_view text) {
  if (text.empty() || !std::isalnum(static_cast<unsigned char>(text[0]))) {
    return text.size() > 1 && text[0] == '/';
  }
  const bool simple = std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_./:-+@=?&%").find(c) != std::string_view::npos;
  });
  // "a: b" cannot be, without spaces; "a:" would be a key, and "null" nothing.
  return simple && text.back() != ':' && text != "null" && text != "Null" &&
         text != "NULL";
}

// In double quotes, where YAML takes the escapes of JSON.
std::string Quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += {'\\', 'x', kHex[(c >> 4) & 15], kHex[c & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string Scalar(std::string_view text) {
  return IsPlain(text) ? std::string(text) : Quoted(text);
}

std::string List(const std::string& text) {
  std::vector<std::string> items;
  for (const absl::string_view item :
       absl::StrSplit(text, ", ", absl::SkipEmpty())) {
    // A comma or a bracket would end a plain one; IsPlain() has neither.
    items.push_back(Scalar(FromAbsl(item)));
  }
  return StrCat("[", absl::StrJoin(items, ", "), "]");
}

class Printer {
 public:
  explicit Printer(const LoadedConfig& loaded) : loaded_(loaded) {}

  std::string Print() {
    for (const ConfigValue& value : ValuesOf(loaded_.config)) Add(value);
    size_t width = 0;
    for (const Line& line : lines_) {
      if (line.comment.empty() || line.text.size() > kWidest) continue;
      width = std::max(width, line.text.size());
    }
    std::string out =
        "# Where each value comes from. One that is marked * may change while "
        "the process\n# runs: change it there and send SIGHUP.\n";
    for (Line& line : lines_) {
      if (!line.comment.empty()) {
        line.text.resize(std::max(width, line.text.size()), ' ');
        line.text += "  # " + line.comment;
      }
      out += line.text + "\n";
    }
    return out;
  }

 private:
  void Add(const ConfigValue& value) {
    const std::vector<std::string> steps = absl::StrSplit(value.path, '.');
    size_t shared = 0;
    while (shared + 1 < steps.size() && shared < open_.size() &&
           open_[shared] == steps[shared]) {
      ++shared;
    }
    for (size_t i = shared; i + 1 < steps.size(); ++i) {
      lines_.push_back({StrCat(std::string(2 * i, ' '), steps[i], ":"), ""});
    }
    open_.assign(steps.begin(), steps.end() - 1);
    lines_.push_back({StrCat(std::string(2 * open_.size(), ' '),
                             Assignment(value, steps.back())),
                      Comment(value)});
  }

  static std::string Assignment(const ConfigValue& value,
                                const std::string& name) {
    const FieldDescriptor& field = *FindField(value.path);
    const std::string shown = Shown(value.path, value.text);
    if (SettingOf(field).secret()) {
      return StrCat("# ", name, ":", shown.empty() ? "" : " ", shown);
    }
    if (value.list) return StrCat(name, ": ", List(value.text));
    const bool text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    return StrCat(name, ": ", text ? Scalar(shown) : shown);
  }

  std::string Comment(const ConfigValue& value) const {
    const auto place = loaded_.places.find(value.path);
    std::string comment =
        place == loaded_.places.end() ? "default" : place->second.text;
    if (Reloadable(value.path)) comment += " *";
    return comment;
  }

  const LoadedConfig& loaded_;
  std::vector<Line> lines_;
  std::vector<std::string> open_;  // the maps that the last line stands in
};

}  // namespace

std::string PrintConfig(const LoadedConfig& loaded) {
  return Printer(loaded).Print();
}

}  // namespace millrace::runtime
