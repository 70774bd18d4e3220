#include "services/templates/engine/value.h"

#include <algorithm>

namespace millrace::templates {
namespace {

const uint32_t* IndexOf(const Value& object) {
  return reinterpret_cast<const uint32_t*>(object.members + object.size);
}

// Whether `member` stands before the key in the index.
bool Before(const Member& member, uint32_t hash, std::string_view key) {
  if (member.hash != hash) return member.hash < hash;
  return member.key_view() < key;
}

}  // namespace

const Value* SearchMember(const Value& object, uint32_t hash,
                          std::string_view key, uint16_t* hint) {
  const Member* members = object.members;
  const uint32_t size = object.size;
  if (size <= kIndexedMembers) {
    for (uint32_t i = 0; i < size; ++i) {
      if (!IsMember(members[i], hash, key)) continue;
      *hint = static_cast<uint16_t>(i);
      return &members[i].value;
    }
    return nullptr;
  }
  const uint32_t* index = IndexOf(object);
  const uint32_t* at = std::lower_bound(
      index, index + size, key,
      [&](uint32_t i, const auto&) { return Before(members[i], hash, key); });
  if (at == index + size || !IsMember(members[*at], hash, key)) return nullptr;
  if (*at <= UINT16_MAX) *hint = static_cast<uint16_t>(*at);
  return &members[*at].value;
}

}  // namespace millrace::templates
