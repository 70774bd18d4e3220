#include "tokens/password.h"

#include <sodium.h>

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "digest/sodium_init.h"
#include "tokens/secret.h"

namespace millrace::tokens {
namespace {

constexpr size_t kLeastMemory = 7 * 1024 * 1024;
constexpr size_t kMostMemory = size_t{1} << 30;
constexpr unsigned kMostPasses = 100;

std::string HashNow(std::string password, const PasswordOptions& options) {
  std::string hash(crypto_pwhash_STRBYTES, '\0');
  const int failed = crypto_pwhash_str_alg(
      hash.data(), password.data(), password.size(), options.passes,
      options.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  sodium_memzero(password.data(), password.size());
  if (failed != 0) {
    Throw(absl::ResourceExhaustedError(
        "there is not enough memory to hash a password; try again later"));
  }
  hash.resize(hash.find('\0'));
  return hash;
}

bool VerifyNow(std::string password, const std::string& hash) {
  // libsodium reads the whole buffer.
  std::string padded = hash;
  padded.resize(crypto_pwhash_STRBYTES, '\0');
  const bool good = hash.size() < crypto_pwhash_STRBYTES &&
                    crypto_pwhash_str_verify(padded.c_str(), password.data(),
                                             password.size()) == 0;
  sodium_memzero(password.data(), password.size());
  return good;
}

PasswordOptions Checked(PasswordOptions options) {
  ThrowIfError(options.Validate());
  InitSodium();
  return options;
}

}  // namespace

absl::Status PasswordOptions::Validate() const {
  if (passes < 1 || passes > kMostPasses) {
    return absl::InvalidArgumentError(
        StrCat("argon2id takes 1 to ", kMostPasses, " passes, not ", passes));
  }
  if (memory_bytes < kLeastMemory || memory_bytes > kMostMemory) {
    return absl::InvalidArgumentError(
        StrCat("argon2id takes ", kLeastMemory, " to ", kMostMemory,
               " bytes here, not ", memory_bytes));
  }
  if (max_parallel < 1 || max_waiting < 1) {
    return absl::InvalidArgumentError(
        "at least one password is hashed and one waits");
  }
  return absl::OkStatus();
}

PasswordHasher::PasswordHasher(PasswordOptions options)
    : options_(Checked(options)),
      pool_({.threads = options.max_parallel,
             .name = "password",
             .max_queued = options.max_waiting}) {}

Promise<std::string> PasswordHasher::Hash(std::string password,
                                          AbortSignal signal) {
  return pool_.Run(
      [password = std::move(password), options = options_]() mutable {
        return HashNow(std::move(password), options);
      },
      std::move(signal));
}

Promise<bool> PasswordHasher::Verify(std::string password, std::string hash,
                                     AbortSignal signal) {
  return pool_.Run(
      [password = std::move(password), hash = std::move(hash)]() mutable {
        return VerifyNow(std::move(password), hash);
      },
      std::move(signal));
}

bool PasswordHasher::NeedsRehash(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), options_.passes,
                                        options_.memory_bytes) != 0;
}

Promise<std::string> PasswordHasher::Unknown() {
  if (unknown_.empty()) unknown_ = co_await Hash(NewSecret());
  co_return unknown_;
}

}  // namespace millrace::tokens
