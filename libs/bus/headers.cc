#include "bus/headers.h"

#include <algorithm>
#include <cstdint>

namespace millrace::bus {
namespace {

constexpr size_t kLengthBytes = 4;

void PutPiece(std::string_view piece, std::string* out) {
  const auto size = static_cast<uint32_t>(piece.size());
  for (size_t i = 0; i < kLengthBytes; ++i) {
    out->push_back(static_cast<char>(size >> (8 * i) & 0xff));
  }
  out->append(piece);
}

bool TakePiece(std::string_view* bytes, std::string* piece) {
  if (bytes->size() < kLengthBytes) return false;
  size_t size = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    size |= static_cast<size_t>(static_cast<unsigned char>((*bytes)[i]))
            << (8 * i);
  }
  bytes->remove_prefix(kLengthBytes);
  if (bytes->size() < size) return false;
  piece->assign(bytes->substr(0, size));
  bytes->remove_prefix(size);
  return true;
}

}  // namespace

std::optional<std::string_view> FindHeader(const Metadata& headers,
                                           std::string_view name) {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  return std::nullopt;
}

void RemoveHeaders(Metadata& headers, std::string_view prefix) {
  std::erase_if(headers, [prefix](const auto& header) {
    return std::string_view(header.first).substr(0, prefix.size()) == prefix;
  });
}

std::string PackHeaders(const Metadata& headers) {
  size_t size = 0;
  for (const auto& [name, value] : headers) {
    size += 2 * kLengthBytes + name.size() + value.size();
  }
  std::string bytes;
  bytes.reserve(size);
  for (const auto& [name, value] : headers) {
    PutPiece(name, &bytes);
    PutPiece(value, &bytes);
  }
  return bytes;
}

absl::StatusOr<Metadata> UnpackHeaders(std::string_view bytes) {
  Metadata headers;
  while (!bytes.empty()) {
    auto& [name, value] = headers.emplace_back();
    if (!TakePiece(&bytes, &name) || !TakePiece(&bytes, &value)) {
      return absl::DataLossError("packed headers end in the middle");
    }
  }
  return headers;
}

}  // namespace millrace::bus
