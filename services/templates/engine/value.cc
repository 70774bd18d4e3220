#include "services/templates/engine/value.h"

#include <algorithm>

#include "services/templates/engine/simd.h"

namespace millrace::templates {
namespace {

bool IsMember(const Member& member, uint32_t hash, std::string_view key) {
  return member.hash == hash && member.key_size == key.size() &&
         simd::EqualPadded(member.key, key.data(), key.size());
}

// Whether `member` stands before the key in the index.
bool Before(const Member& member, uint32_t hash, std::string_view key) {
  if (member.hash != hash) return member.hash < hash;
  return member.key_view() < key;
}

// The number of the member, or the size of the object.
uint32_t Search(const Value& object, uint32_t hash, std::string_view key) {
  const Member* members = object.members;
  const uint32_t size = object.size;
  if (size <= kIndexedMembers) {
    uint32_t i = 0;
    while (i < size && !IsMember(members[i], hash, key)) ++i;
    return i;
  }
  const auto* index = reinterpret_cast<const uint32_t*>(members + size);
  const uint32_t* at = std::lower_bound(
      index, index + size, key,
      [&](uint32_t i, const auto&) { return Before(members[i], hash, key); });
  if (at == index + size || !IsMember(members[*at], hash, key)) return size;
  return *at;
}

}  // namespace

const Value* SearchMember(const Value& object, uint32_t hash,
                          std::string_view key, MemberHint* hint) {
  // Objects of unlike origin have other texts for the same name.
  if (hint->index < object.size &&
      IsMember(object.members[hint->index], hash, key)) {
    hint->key = object.members[hint->index].key;
    return &object.members[hint->index].value;
  }
  const uint32_t index = Search(object, hash, key);
  if (index == object.size) return nullptr;
  *hint = {object.members[index].key, index};
  return &object.members[index].value;
}

}  // namespace millrace::templates
