// Names, helpers and their arguments.
#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "base/suggest.h"
#include "services/templates/engine/compile.h"
#include "services/templates/engine/number_text.h"

namespace millrace::templates {
namespace {

constexpr size_t kMaxParts = 32;
constexpr size_t kMaxOuter = 64;  // "../" in one name

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

// Fills in the operand; false after an error.
bool UnitCompiler::Name(std::string_view text, size_t place, Op* op) {
  const std::string_view all = text;
  const auto fail = [&](std::string message) {
    Error(place, std::move(message));
    return false;
  };
  if (text.empty()) return fail("the tag has no name");
  if (text.size() > linker_.options().bounds.name_bytes) {
    return fail(StrCat("the name is longer than ",
                       linker_.options().bounds.name_bytes, " bytes"));
  }
  if (std::any_of(text.begin(), text.end(), IsSpace)) {
    return fail(extended() ? StrCat("'", text, "' is no name: it has a space")
                           : StrCat("'", text,
                                    "' is no name: helpers and their "
                                    "arguments are for syntax 2"));
  }
  if (text == ".") return true;
  if (!extended()) return Parts(text, all, place, op);
  if (text.front() == '@') {
    static constexpr std::pair<std::string_view, uint8_t> kNames[] = {
        {"@index", kIndex},
        {"@key", kKey},
        {"@first", kFirst},
        {"@last", kLast}};
    for (const auto& [name, scope] : kNames) {
      if (text != name) continue;
      op->scope = scope;
      return true;
    }
    if (text == "@root" || text.substr(0, 6) == "@root.") {
      op->scope = kRoot;
      text.remove_prefix(std::min<size_t>(6, text.size()));
      return text.empty() || Parts(text, all, place, op);
    }
    return fail(StrCat(
        "there is no '", text, "'",
        DidYouMean(text, {"@index", "@key", "@first", "@last", "@root"})));
  }
  size_t outer = 0;
  while (text == ".." || text.substr(0, 3) == "../") {
    ++outer;
    text.remove_prefix(std::min<size_t>(3, text.size()));
  }
  if (outer > kMaxOuter) {
    return fail(StrCat("the name leaves more than ", kMaxOuter, " contexts"));
  }
  op->scope = static_cast<uint8_t>(outer);
  if (text.empty() || text == "this" || text == ".") return true;
  if (text.substr(0, 5) == "this." || text.substr(0, 2) == "./") {
    if (outer > 0) return fail(StrCat("'", all, "' goes out and in again"));
    op->scope = kThis;
    text.remove_prefix(text.front() == '.' ? 2 : 5);
  }
  return Parts(text, all, place, op);
}

bool UnitCompiler::Parts(std::string_view text, std::string_view all,
                         size_t place, Op* op) {
  op->a = static_cast<uint32_t>(code_.keys.size());
  size_t count = 0;
  for (bool more = true; more;) {
    const size_t dot = text.find('.');
    more = dot != text.npos;
    const std::string_view part = text.substr(0, dot);
    if (more) text.remove_prefix(dot + 1);
    if (part.empty()) {
      Error(place, StrCat("'", all, "' has an empty part"));
      return false;
    }
    if (++count > kMaxParts) {
      Error(place, StrCat("the name has more than ", kMaxParts, " parts"));
      return false;
    }
    code_.keys.push_back(linker_.MakeKey(SliceOf(part)));
  }
  op->count = static_cast<uint8_t>(count);
  return true;
}

// Splits at spaces, but not inside of quotes.
bool UnitCompiler::Words(std::string_view text, size_t place,
                         std::vector<std::string_view>* words) {
  size_t at = 0;
  while (at < text.size()) {
    if (IsSpace(text[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < text.size() && !IsSpace(text[at])) {
      if (text[at] == '"' || text[at] == '\'') {
        const size_t end = text.find(text[at], at + 1);
        if (end == text.npos) {
          Error(place, "a quoted text has no end");
          return false;
        }
        at = end;
      }
      ++at;
    }
    words->push_back(text.substr(begin, at - begin));
  }
  return true;
}

void UnitCompiler::HelperTag(const Tag& tag,
                             const std::vector<std::string_view>& words) {
  const Helpers& helpers = linker_.helpers();
  const uint32_t op = Emit({.code = OpCode::kHelper,
                            .b = static_cast<uint32_t>(code_.helpers.size())},
                           tag.begin);
  HelperSite site = {.helper = helpers.Find(words[0])};
  site.first_argument = static_cast<uint32_t>(code_.arguments.size());
  code_.helpers.push_back(site);
  if (site.helper == nullptr) {
    Error(tag.begin, StrCat("there is no helper '", words[0], "'",
                            DidYouMean(words[0], helpers.Names())));
    return;
  }
  const Helper& helper = *site.helper;
  if (helper.prepare) helper.prepare();
  size_t values = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    Argument argument = {};
    if (!MakeArgument(words[i], tag.begin, &argument)) return;
    if (argument.name.size == 0) {
      ++values;
      if (values != i) {
        Error(tag.begin,
              StrCat("'", words[i],
                     "' stands behind an option; values come first"));
      }
    } else {
      const std::string name(code_.View(argument.name));
      if (std::find(helper.options.begin(), helper.options.end(), name) ==
          helper.options.end()) {
        Error(tag.begin, StrCat("'", helper.name, "' has no option '", name,
                                "'", DidYouMean(name, helper.options)));
      }
    }
    code_.arguments.push_back(argument);
    ++code_.helpers[code_.ops[op].b].argument_count;
  }
  if (values != helper.values) {
    Error(tag.begin,
          StrCat("'", helper.name, "' takes ", helper.values, " value",
                 helper.values == 1 ? "" : "s", ", not ", values));
  }
}

bool UnitCompiler::MakeArgument(std::string_view word, size_t place,
                                Argument* argument) {
  // NAME=VALUE, unless the first quote stands before the equals sign.
  const size_t equals = word.find_first_of("=\"'");
  if (equals != word.npos && word[equals] == '=' && equals > 0) {
    argument->name = SliceOf(word.substr(0, equals));
    word.remove_prefix(equals + 1);
  }
  Value& literal = argument->literal;
  if (!word.empty() && (word.front() == '"' || word.front() == '\'')) {
    if (word.size() < 2 || word.back() != word.front()) {
      Error(place, StrCat("'", word, "' is not one quoted text"));
      return false;
    }
    literal.kind = Kind::kString;
    // As an offset: Code::text still grows.
    const Slice slice = SliceOf(word.substr(1, word.size() - 2));
    argument->path.a = slice.begin;
    literal.size = slice.size;
    return true;
  }
  if (word == "true" || word == "false" || word == "null") {
    literal.kind = word == "true"    ? Kind::kTrue
                   : word == "false" ? Kind::kFalse
                                     : Kind::kNull;
    return true;
  }
  double number;
  const auto read =
      std::from_chars(word.data(), word.data() + word.size(), number);
  if (read.ec == std::errc() && read.ptr == word.data() + word.size() &&
      word.front() != 'i' && word.front() != 'n') {
    const Slice slice = SliceOf(word);
    literal.kind = Kind::kNumber;
    argument->path.a = slice.begin;
    literal.size = slice.size;
    return true;
  }
  argument->is_path = true;
  return Name(word, place, &argument->path);
}

}  // namespace millrace::templates
