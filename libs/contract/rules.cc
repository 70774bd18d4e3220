#include "contract/rules.h"

#include <re2/re2.h>

#include <algorithm>

namespace millrace::rules {
namespace {

constexpr std::string_view kAtomCharacters = "!#$%&'*+-/=?^_`{|}~";
constexpr size_t kShownKey = 64;  // bytes of a map's key that a path shows

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

bool IsContinuation(char c) { return (c & 0xC0) == 0x80; }

// Atoms with single dots between them.
bool IsLocalPart(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  char previous = '.';
  for (const char c : text) {
    if (c == '.' ? previous == '.'
                 : !IsAlphanumeric(c) &&
                       kAtomCharacters.find(c) == std::string_view::npos) {
      return false;
    }
    previous = c;
  }
  return previous != '.';
}

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' &&
         text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-'; });
}

bool IsHostName(std::string_view text) {
  int labels = 0;
  for (;;) {
    const size_t dot = text.find('.');
    if (!IsLabel(text.substr(0, dot))) return false;
    ++labels;
    if (dot == std::string_view::npos) return labels >= 2;
    text.remove_prefix(dot + 1);
  }
}

// The key, cut between two characters when it is long.
std::string Shown(std::string_view key) {
  if (key.size() <= kShownKey) return std::string(key);
  size_t end = kShownKey;
  while (end > 0 && IsContinuation(key[end])) --end;
  return StrCat(key.substr(0, end), "...");
}

}  // namespace

std::string Path::ToString() const {
  if (parent_ == nullptr) return "";
  std::string path = parent_->ToString();
  if (index_ >= 0) {
    StrAppend(&path, "[", index_, "]");
  } else if (index_ == kKey) {
    StrAppend(&path, "[\"", Shown(name_), "\"]");
  } else {
    StrAppend(&path, path.empty() ? "" : ".", name_);
  }
  return path;
}

absl::Status Found::ToStatus() const {
  if (count_ <= kLimit) return InvalidArgument(violations_);
  std::vector<FieldViolation> shown = violations_;
  shown.push_back({"", StrCat("and ", count_ - kLimit, " more violations")});
  return InvalidArgument(shown);
}

absl::Status NoRules(const google::protobuf::Message&) {
  return absl::OkStatus();
}

bool IsEmail(std::string_view text) {
  const size_t at = text.find('@');
  return at != std::string_view::npos && text.size() <= 254 &&
         IsLocalPart(text.substr(0, at)) && IsHostName(text.substr(at + 1));
}

size_t Characters(std::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(
                           text.begin(), text.end(), IsContinuation));
}

struct Pattern::Program {
  re2::RE2 expression;
};

Pattern::Pattern(std::string_view expression)
    : program_(new Program{
          re2::RE2(re2::StringPiece(expression.data(), expression.size()),
                   re2::RE2::Quiet)}) {}

Pattern::~Pattern() = default;

bool Pattern::Matches(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()),
                             program_->expression);
}

std::string_view Pattern::expression() const {
  return program_->expression.pattern();
}

void NotSet(const Path& at, Found& found) { found.Add(at, "must be set"); }

void TooShort(size_t length, size_t bound, const char* unit, const Path& at,
              Found& found) {
  found.Add(at, "must have at least ", bound, " ", unit, ", has ", length);
}

void TooLong(size_t length, size_t bound, const char* unit, const Path& at,
             Found& found) {
  found.Add(at, "must have at most ", bound, " ", unit, ", has ", length);
}

void Unlike(std::string_view what, const Path& at, Found& found) {
  found.Add(at, "must ", what);
}

void OneOf(std::string_view text,
           std::initializer_list<std::string_view> allowed, const Path& at,
           Found& found) {
  std::string list;
  for (const std::string_view candidate : allowed) {
    if (text == candidate) return;
    StrAppend(&list, list.empty() ? "" : ", ", candidate);
  }
  found.Add(at, "must be one of ", list);
}

}  // namespace millrace::rules
