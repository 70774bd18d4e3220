#include "digest/sha256.h"

#include <sodium/crypto_hash_sha256.h>

namespace millrace {

static_assert(kSha256Bytes == crypto_hash_sha256_BYTES);

std::string Sha256(std::string_view data) {
  std::string digest(kSha256Bytes, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()),
                     reinterpret_cast<const unsigned char*>(data.data()),
                     data.size());
  return digest;
}

}  // namespace millrace
