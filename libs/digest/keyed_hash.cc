#include "digest/keyed_hash.h"

#include <sodium/core.h>
#include <sodium/crypto_shorthash.h>

#include <cstdlib>
#include <cstring>

namespace millrace {

static_assert(crypto_shorthash_KEYBYTES == 16);
static_assert(crypto_shorthash_BYTES == sizeof(uint64_t));

KeyedHash::KeyedHash() {
  // Once for all threads; the random bytes need it.
  if (sodium_init() < 0) std::abort();
  crypto_shorthash_keygen(key_.data());
}

uint64_t KeyedHash::operator()(std::string_view data) const {
  std::array<unsigned char, crypto_shorthash_BYTES> bytes;
  crypto_shorthash(bytes.data(),
                   reinterpret_cast<const unsigned char*>(data.data()),
                   data.size(), key_.data());
  uint64_t hash = 0;
  std::memcpy(&hash, bytes.data(), sizeof(hash));
  return hash;
}

}  // namespace millrace
