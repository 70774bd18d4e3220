#include "bus/headers.h"

#include <cstring>

namespace millrace::bus {
namespace {

constexpr size_t kLengthBytes = sizeof(uint32_t);

// Returns where the next piece begins.
char* PutPiece(std::string_view piece, char* at) {
  const auto size = static_cast<uint32_t>(piece.size());
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(size >> 8 * i);
  at += kLengthBytes;
  if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
  return at + piece.size();
}

}  // namespace

bool Headers::SkipPiece(std::string_view* packed) {
  if (packed->size() < kLengthBytes) return false;
  const size_t size = LengthAt(packed->data());
  if (packed->size() - kLengthBytes < size) return false;
  packed->remove_prefix(kLengthBytes + size);
  return true;
}

Headers::Headers(std::initializer_list<value_type> headers) {
  for (const auto& [name, value] : headers) Add(name, value);
}

absl::StatusOr<Headers> Headers::Unpack(std::string packed) {
  Headers headers;
  std::string_view left = packed;
  while (!left.empty()) {
    if (!SkipPiece(&left) || !SkipPiece(&left)) {
      return absl::DataLossError("packed headers end in the middle");
    }
    ++headers.size_;
  }
  headers.packed_ = std::move(packed);
  return headers;
}

void Headers::Add(std::string_view name, std::string_view value) {
  const size_t end = packed_.size();
  packed_.resize(end + kLengths + name.size() + value.size());
  PutPiece(value, PutPiece(name, &packed_[end]));
  ++size_;
}

void Headers::RemovePrefix(std::string_view prefix) {
  Headers kept;
  for (const auto& [name, value] : *this) {
    if (name.substr(0, prefix.size()) != prefix) kept.Add(name, value);
  }
  if (kept.size_ != size_) *this = std::move(kept);
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& [other, value] : *this) {
    if (other == name) found = value;
  }
  return found;
}

}  // namespace millrace::bus
