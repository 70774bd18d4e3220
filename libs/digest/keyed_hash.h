// A hash that nobody can foresee: SipHash-2-4 under a key that is drawn anew
// for each object. For tables whose keys come from outside. Any thread.
#ifndef MILLRACE_DIGEST_KEYED_HASH_H_
#define MILLRACE_DIGEST_KEYED_HASH_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace millrace {

class KeyedHash {
 public:
  // With a key of the operating system's random bytes.
  KeyedHash();

  uint64_t operator()(std::string_view data) const;

 private:
  std::array<unsigned char, 16> key_;
};

}  // namespace millrace

#endif  // MILLRACE_DIGEST_KEYED_HASH_H_
