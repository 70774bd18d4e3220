#include "digest/keyed_hash.h"

#include <sodium/crypto_shorthash.h>

#include <cstring>

#include "digest/sodium_init.h"

namespace millrace {

static_assert(crypto_shorthash_KEYBYTES == 16);
static_assert(crypto_shorthash_BYTES == sizeof(uint64_t));

KeyedHash::KeyedHash() {
  InitSodium();  // the random bytes need it
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
