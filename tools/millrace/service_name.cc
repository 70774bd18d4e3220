// Names of services: what `millrace new` takes for one.
#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "tools/millrace/scaffold.h"

namespace millrace::cli {
namespace {

constexpr size_t kMaxLength = 40;

// The singular is a variable and the plural a namespace, so none of them is a
// word of C++.
constexpr std::string_view kCxxWords[] = {
    "alignas",  "alignof",  "and",      "asm",       "auto",   "bool",
    "break",    "case",     "catch",    "char",      "class",  "concept",
    "const",    "continue", "default",  "delete",    "do",     "double",
    "else",     "enum",     "explicit", "export",    "extern", "false",
    "float",    "for",      "friend",   "goto",      "if",     "inline",
    "int",      "long",     "mutable",  "namespace", "new",    "not",
    "operator", "or",       "private",  "protected", "public", "register",
    "requires", "return",   "short",    "signed",    "sizeof", "static",
    "struct",   "switch",   "template", "this",      "throw",  "true",
    "try",      "typedef",  "typeid",   "typename",  "union",  "unsigned",
    "using",    "virtual",  "void",     "volatile",  "while",  "xor"};

// Services and libraries of the platform, whose names would be there twice.
constexpr std::string_view kPlatformWords[] = {
    "admin",      "base",      "bus",   "buses",   "contracts", "digests",
    "events",     "google",    "grpc",  "health",  "http",      "loops",
    "migrations", "millrace",  "rpc",   "runtime", "services",  "std",
    "stores",     "templates", "tests", "tls",     "tokens",    "users"};

// What the service's own code calls something else, and what SQL or the C
// library does.
constexpr std::string_view kTakenWords[] = {
    "absl",      "calls",    "clients",    "clocks",   "inboxes",   "infos",
    "listeners", "main",     "messages",   "modules",  "outboxes",  "owners",
    "pages",     "promises", "references", "requests", "responses", "rows",
    "strings",   "testing",  "times",      "titles",   "values"};

template <typename Words>
bool Has(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

absl::Status Refused(std::string_view what, std::string_view name,
                     std::string_view why) {
  return absl::InvalidArgumentError(StrCat(what, " '", name, "' ", why));
}

// "PurchaseOrders", "purchase orders" and "purchase-orders" as
// "purchase_orders"; whatever else cannot be in a name is dropped.
std::string Snake(std::string_view text) {
  std::string snake;
  bool lower_before = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(byte) && lower_before) snake += '_';
    if (absl::ascii_isalnum(byte)) {
      snake += absl::ascii_tolower(byte);
    } else if (!snake.empty() && snake.back() != '_') {
      snake += '_';
    }
    lower_before = absl::ascii_islower(byte) || absl::ascii_isdigit(byte);
  }
  while (absl::EndsWith(snake, "_")) snake.pop_back();
  return snake;
}

// "", or what is wrong with the letters.
absl::Status CheckLetters(std::string_view what, std::string_view name) {
  if (name.empty()) {
    return absl::InvalidArgumentError(StrCat(
        what, " is empty; name a service after what it has, as in orders"));
  }
  const std::string snake = Snake(name);
  const auto first = static_cast<unsigned char>(name[0]);
  std::string same(name);
  std::replace(same.begin(), same.end(), '-', '_');
  if (same != snake) {
    const bool helps =
        !snake.empty() &&
        absl::ascii_islower(static_cast<unsigned char>(snake[0]));
    return Refused(
        what, name,
        StrCat("cannot be one: it is words of a-z and 0-9 with one _ or - "
               "between two",
               helps ? StrCat(", as in ", snake) : std::string()));
  }
  if (!absl::ascii_islower(first)) {
    return Refused(what, name, "cannot be one: it begins with a letter");
  }
  if (name.size() > kMaxLength) {
    return Refused(what, name,
                   StrCat("is ", name.size(), " characters long; ", kMaxLength,
                          " is the most"));
  }
  return absl::OkStatus();
}

absl::Status CheckFree(std::string_view what, const std::string& name) {
  if (Has(kPlatformWords, name)) {
    return Refused(what, name, "is a part of the platform; take another word");
  }
  if (Has(kCxxWords, name)) {
    return Refused(what, name, "is a word of C++; take another word");
  }
  if (Has(kTakenWords, name)) {
    return Refused(what, name,
                   StrCat("means something else in every service; put a word "
                          "before it, as in customer_",
                          name));
  }
  return absl::OkStatus();
}

// Endings of many that are one without "es"; without "s" it is elsewhere, as in
// houses, caches and invoices. The rest is for --singular.
constexpr std::string_view kTwoMoreLetters[] = {
    "sses",  "shes",   "xes",    "zzes",   "oes",    "tches", "nches",
    "rches", "eaches", "eeches", "oaches", "ouches", "iases", "buses",
    "nuses", "puses",  "ruses",  "suses",  "tuses"};

// Words with those endings, or with "ies", that are one without "s".
constexpr std::string_view kOneMoreLetter[] = {
    "abuses",  "brownies", "calories",   "canoes", "cookies",
    "foes",    "genies",   "horseshoes", "movies", "rookies",
    "selfies", "shoes",    "toes",       "zombies"};

std::string_view LastWordOf(std::string_view snake) {
  return snake.substr(snake.rfind('_') + 1);
}

// The same for one and for many.
bool IsBoth(std::string_view word) {
  return word == "series" || word == "timeseries" || word == "species";
}

// One of what `plural` is many of, or "" when that looks like one already.
std::string SingularOf(const std::string& plural) {
  const auto without = [&plural](size_t count) {
    return plural.substr(0, plural.size() - count);
  };
  const std::string_view word = LastWordOf(plural);
  if (IsBoth(word)) return "";
  if (Has(kOneMoreLetter, word)) return without(1);
  if (word == "quizzes") return without(3);
  if (word.ends_with("ies") && word.size() > 4) return StrCat(without(3), "y");
  for (const std::string_view end : kTwoMoreLetters) {
    if (word.ends_with(end)) return without(2);
  }
  if (word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") ||
      !word.ends_with("s") || word.size() == 1) {
    return "";
  }
  return without(1);
}

std::string TypeOf(const std::string& snake) {
  std::string type;
  for (const absl::string_view word : absl::StrSplit(snake, '_')) {
    type += absl::ascii_toupper(static_cast<unsigned char>(word[0]));
    type.append(word.data() + 1, word.size() - 1);
  }
  return type;
}

}  // namespace

absl::StatusOr<ServiceName> ParseServiceName(std::string_view name,
                                             std::string_view singular) {
  if (absl::Status status = CheckLetters("the name", name); !status.ok()) {
    return status;
  }
  ServiceName parsed = {.plural = Snake(name), .singular = Snake(singular)};
  for (const char* end : {"_service", "_services"}) {
    if (absl::EndsWith(parsed.plural, end)) {
      return Refused("the name", name,
                     StrCat("says twice that it is a service; write ",
                            parsed.plural.substr(
                                0, parsed.plural.size() - std::strlen(end))));
    }
  }
  if (absl::Status status = CheckFree("the name", parsed.plural);
      !status.ok()) {
    return status;
  }
  if (singular.empty()) {
    parsed.singular = SingularOf(parsed.plural);
    if (parsed.singular.empty() && IsBoth(LastWordOf(parsed.plural))) {
      return Refused("the name", name,
                     "is a word for one and for many; say by --singular what "
                     "one of them is");
    }
    if (parsed.singular.empty()) {
      return Refused(
          "the name", name,
          StrCat("looks like one of something, and a service is "
                 "named after many; write ",
                 parsed.plural, absl::EndsWith(parsed.plural, "s") ? "es" : "s",
                 ", or say by --singular what one of them is"));
    }
  } else if (absl::Status status = CheckLetters("the singular", singular);
             !status.ok()) {
    return status;
  }
  if (parsed.singular == parsed.plural) {
    return Refused("the singular", singular,
                   "is the name; one and many need different words");
  }
  if (absl::Status status = CheckFree("the singular", parsed.singular);
      !status.ok()) {
    return status;
  }
  parsed.plural_type = TypeOf(parsed.plural);
  parsed.singular_type = TypeOf(parsed.singular);
  return parsed;
}

}  // namespace millrace::cli
