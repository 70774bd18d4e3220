// SHA-256 (FIPS 180-4). Any thread.
#ifndef MILLRACE_DIGEST_SHA256_H_
#define MILLRACE_DIGEST_SHA256_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

inline constexpr size_t kSha256Bytes = 32;

// The digest, as kSha256Bytes bytes.
std::string Sha256(std::string_view data);

}  // namespace millrace

#endif  // MILLRACE_DIGEST_SHA256_H_
