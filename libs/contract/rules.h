// What generated validators are made of: where a value stands, what was found
// wrong, and the checks that take more than a comparison.
//
// For each message that has rules, or holds one that has, protoc-gen-millrace
// writes in the namespace of the message
//
//   void Check(const CreateUserRequest&, const millrace::rules::Path& at,
//              millrace::rules::Found& found);
//
// and rules::Validate() calls it. Thread-safe; nothing here throws.
#ifndef MILLRACE_CONTRACT_RULES_H_
#define MILLRACE_CONTRACT_RULES_H_

#include <google/protobuf/message.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/ids.h"
#include "base/strings.h"
#include "contract/errors.h"

namespace millrace::rules {

// Where a value stands in a message, as a chain of steps on the stack that is
// spelled out only when something is wrong there. Refers to its parent and to
// the names it is given: use it within one expression or scope.
class Path {
 public:
  Path() = default;

  Path Field(std::string_view name) const { return Path(this, name, kField); }
  Path At(int index) const { return Path(this, {}, index); }
  Path At(std::string_view key) const { return Path(this, key, kKey); }

  std::string ToString() const;

 private:
  static constexpr int kField = -1;
  static constexpr int kKey = -2;

  Path(const Path* parent, std::string_view name, int index)
      : parent_(parent), name_(name), index_(index) {}

  const Path* parent_ = nullptr;
  std::string_view name_;
  int index_ = kField;
};

// The violations found so far. An error has to fit in the trailers of a call,
// so that the first kLimit are named and the others counted.
class Found {
 public:
  static constexpr int kLimit = 32;

  // `description` is put together as by StrCat.
  template <typename... Args>
  void Add(const Path& at, const Args&... description) {
    if (++count_ <= kLimit) {
      violations_.push_back({at.ToString(), StrCat(description...)});
    }
  }

  bool ok() const { return count_ == 0; }
  int count() const { return count_; }
  // INVALID_ARGUMENT with all of them, or OK.
  absl::Status ToStatus() const;

 private:
  int count_ = 0;
  std::vector<FieldViolation> violations_;
};

// The violations of a message of type M.
template <typename M>
absl::Status Validate(const google::protobuf::Message& message) {
  Found found;
  Check(static_cast<const M&>(message), Path(), found);
  return found.ToStatus();
}

// The validator of messages that have no rules.
absl::Status NoRules(const google::protobuf::Message& message);

// One "@"; before it 1 to 64 characters of the unquoted form of RFC 5322,
// behind it a host name of at least two labels. At most 254 characters, ASCII.
bool IsEmail(std::string_view text);

// Code points of a valid UTF-8 text.
size_t Characters(std::string_view text);

// A regular expression that is matched against whole strings. RE2: time is
// linear in the text, whatever the expression, and the stack stays small,
// neither of which std::regex promises for a hostile text. A malformed
// expression matches nothing; the contract compiler has refused it before.
class Pattern {
 public:
  explicit Pattern(std::string_view expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  bool Matches(std::string_view text) const;
  std::string_view expression() const;

 private:
  struct Program;
  const std::unique_ptr<Program> program_;
};

// The rules, one by one, as generated validators call them: each adds to
// `found` when the value breaks it. What is said then is out of the way of
// values that are right.

[[gnu::cold]] void NotSet(const Path& at, Found& found);
[[gnu::cold]] void TooShort(size_t length, size_t bound, const char* unit,
                            const Path& at, Found& found);
[[gnu::cold]] void TooLong(size_t length, size_t bound, const char* unit,
                           const Path& at, Found& found);
[[gnu::cold]] void Unlike(std::string_view what, const Path& at, Found& found);

// False when the value is not set; then the other rules have nothing to check.
inline bool Required(bool is_set, const Path& at, Found& found) {
  if (!is_set) NotSet(at, found);
  return is_set;
}

inline void MinLength(std::string_view text, size_t bound, const Path& at,
                      Found& found) {
  const size_t length = Characters(text);
  if (length < bound) TooShort(length, bound, "characters", at, found);
}
inline void MaxLength(std::string_view text, size_t bound, const Path& at,
                      Found& found) {
  if (text.size() <= bound) return;  // no character is less than a byte
  const size_t length = Characters(text);
  if (length > bound) TooLong(length, bound, "characters", at, found);
}
inline void MinBytes(std::string_view bytes, size_t bound, const Path& at,
                     Found& found) {
  if (bytes.size() < bound) TooShort(bytes.size(), bound, "bytes", at, found);
}
inline void MaxBytes(std::string_view bytes, size_t bound, const Path& at,
                     Found& found) {
  if (bytes.size() > bound) TooLong(bytes.size(), bound, "bytes", at, found);
}
inline void MinItems(int items, size_t bound, const Path& at, Found& found) {
  const auto size = static_cast<size_t>(items);
  if (size < bound) TooShort(size, bound, "elements", at, found);
}
inline void MaxItems(int items, size_t bound, const Path& at, Found& found) {
  const auto size = static_cast<size_t>(items);
  if (size > bound) TooLong(size, bound, "elements", at, found);
}
inline void Email(std::string_view text, const Path& at, Found& found) {
  if (!IsEmail(text)) Unlike("be an e-mail address", at, found);
}
inline void Uuid(std::string_view text, const Path& at, Found& found) {
  if (!IsUuid(text)) Unlike("be a UUID", at, found);
}
inline void Matches(std::string_view text, const Pattern& pattern,
                    const Path& at, Found& found) {
  if (pattern.Matches(text)) return;
  Unlike(StrCat("match ", pattern.expression()), at, found);
}
void OneOf(std::string_view text,
           std::initializer_list<std::string_view> allowed, const Path& at,
           Found& found);

template <typename T>
requires std::is_arithmetic_v<T>
void OneOf(T value, std::initializer_list<std::type_identity_t<T>> allowed,
           const Path& at, Found& found) {
  std::string list;
  for (const T candidate : allowed) {
    if (value == candidate) return;
    StrAppend(&list, list.empty() ? "" : ", ", candidate);
  }
  found.Add(at, "must be one of ", list);
}

// Written so that NaN breaks them.
template <typename T>
void AtLeast(T value, std::type_identity_t<T> bound, const Path& at,
             Found& found) {
  if (!(value >= bound)) {
    found.Add(at, "must be at least ", bound, ", is ", value);
  }
}

template <typename T>
void AtMost(T value, std::type_identity_t<T> bound, const Path& at,
            Found& found) {
  if (!(value <= bound)) {
    found.Add(at, "must be at most ", bound, ", is ", value);
  }
}

template <typename Repeated>
void Unique(const Repeated& elements, const Path& at, Found& found) {
  using T = typename Repeated::value_type;
  absl::flat_hash_set<
      std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>>
      seen;
  for (int i = 0; i < elements.size(); ++i) {
    if (!seen.insert(elements.Get(i)).second) {
      found.Add(at.At(i), "must not repeat an earlier element");
    }
  }
}

}  // namespace millrace::rules

#endif  // MILLRACE_CONTRACT_RULES_H_
