// How the members of an object become the object: kept in their order, none of
// them twice, and many of them with an index. No set of keys, however chosen,
// makes this slower than sorting them.
#include <algorithm>
#include <cstring>

#include "services/templates/engine/json_reader.h"

namespace millrace::templates {
namespace {

bool SameKey(const Member& a, const Member& b) {
  return a.hash == b.hash && a.key_view() == b.key_view();
}

bool HashesDiffer(const Member* members, uint32_t size) {
  for (uint32_t i = 1; i < size; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      if (members[i].hash == members[j].hash) return false;
    }
  }
  return true;
}

bool AnyTwice(const Member* members, uint32_t size) {
  for (uint32_t i = 1; i < size; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      if (SameKey(members[i], members[j])) return true;
    }
  }
  return false;
}

bool FillIndex(const Member* members, uint32_t size, uint32_t* index) {
  for (uint32_t i = 0; i < size; ++i) index[i] = i;
  std::sort(index, index + size, [members](uint32_t a, uint32_t b) {
    if (members[a].hash != members[b].hash) {
      return members[a].hash < members[b].hash;
    }
    return members[a].key_view() < members[b].key_view();
  });
  for (uint32_t i = 1; i < size; ++i) {
    if (SameKey(members[index[i - 1]], members[index[i]])) return false;
  }
  return true;
}

}  // namespace

Value CopyObject(const Member* members, uint32_t size, Arena* arena) {
  Member* copy = arena->AllocateArray<Member>(size);
  std::memcpy(copy, members, size * sizeof(Member));
  Value object;
  object.kind = Kind::kObject;
  object.size = size;
  object.members = copy;
  return object;
}

std::optional<Value> MakeObject(const Member* members, uint32_t size,
                                Shape* known, Arena* arena) {
  Value object;
  object.kind = Kind::kObject;
  object.size = size;
  if (size > kIndexedMembers) {
    Member* copy = static_cast<Member*>(
        arena->Allocate(size * (sizeof(Member) + sizeof(uint32_t))));
    std::memcpy(copy, members, size * sizeof(Member));
    object.members = copy;
    if (!FillIndex(copy, size, reinterpret_cast<uint32_t*>(copy + size))) {
      return std::nullopt;
    }
    return object;
  }
  if (size > 0) object = CopyObject(members, size, arena);
  if (HashesDiffer(members, size)) {
    *known = {object.members, size};
  } else if (AnyTwice(members, size)) {
    return std::nullopt;
  }
  return object;
}

}  // namespace millrace::templates
