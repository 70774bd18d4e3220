// What a template reads: a value of a document. Plain data that a Document
// owns; immutable once read, so that any thread may look at it.
//
// Every text of a document has kTextPadding readable bytes behind it: what
// copies or escapes it may load past its end.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_VALUE_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::templates {

inline constexpr size_t kTextPadding = 32;

enum class Kind : uint8_t {
  kNull,
  kFalse,
  kTrue,
  kNumber,  // as the text that JavaScript gives it
  kString,
  kList,
  kObject,
};

struct Member;

struct Value {
  Kind kind = Kind::kNull;
  uint16_t aliases = 0;  // so many of the last members are others' second names
  uint32_t size = 0;     // bytes, items or members
  union {
    const char* text = nullptr;
    const Value* items;
    const Member* members;
  };

  bool is_object() const { return kind == Kind::kObject; }
  bool is_list() const { return kind == Kind::kList; }
  bool has_text() const {
    return kind == Kind::kString || kind == Kind::kNumber;
  }
  std::string_view text_view() const { return {text, size}; }

  // What a section does not render: null, false, 0, "" and an empty list.
  bool IsFalsy() const {
    switch (kind) {
      case Kind::kNull:
      case Kind::kFalse:
        return true;
      case Kind::kNumber:
        return size == 1 && *text == '0';
      case Kind::kString:
      case Kind::kList:
        return size == 0;
      default:
        return false;
    }
  }
};

// In the order of the text. An object of more than kIndexedMembers members has
// behind them their numbers, sorted by hash and key.
struct Member {
  uint32_t hash;
  uint32_t key_size;
  const char* key;
  Value value;

  std::string_view key_view() const { return {key, key_size}; }
};

inline constexpr uint32_t kIndexedMembers = 16;

// Where a name was found the last time. Objects of a list share the text of
// their keys (json_reader.h), so that the same text in the same place is the
// same name.
struct MemberHint {
  const char* key = nullptr;
  uint32_t index = 0;
};

// The member of `object`, which is one, or nullptr, however long it takes; sets
// the hint. `key` has kTextPadding bytes behind it.
const Value* SearchMember(const Value& object, uint32_t hash,
                          std::string_view key, MemberHint* hint);

// The same where the hint says; else nullptr, and it may be elsewhere.
inline const Value* HintedMember(const Value& object, const MemberHint& hint) {
  if (hint.index >= object.size) return nullptr;
  const Member& member = object.members[hint.index];
  return member.key == hint.key ? &member.value : nullptr;
}

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_VALUE_H_
