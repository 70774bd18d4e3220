// Passwords: argon2id through libsodium, off the loop and within bounds.
//
// One hash takes tens of milliseconds and `memory_bytes`, on purpose. So a
// hasher runs few at once, on threads of its own: files and DNS never wait
// behind passwords. What comes when the queue is full is refused at once with
// RESOURCE_EXHAUSTED, so that a flood of logins costs no more than the bound.
//
// Loop thread. Outlives its calls.
#ifndef MILLRACE_TOKENS_PASSWORD_H_
#define MILLRACE_TOKENS_PASSWORD_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/worker_pool.h"

namespace millrace::tokens {

struct PasswordOptions {
  // The first of the equivalent settings that OWASP recommends for argon2id
  // with one lane: two passes over 19 MiB, about 45 ms of one core.
  unsigned passes = 2;
  size_t memory_bytes = 19 * 1024 * 1024;
  int max_parallel = 2;
  size_t max_waiting = 64;

  // INVALID_ARGUMENT for what libsodium does not take, or what is no
  // protection.
  absl::Status Validate() const;
};

class PasswordHasher {
 public:
  // Throws StatusError when the options do not hold.
  explicit PasswordHasher(PasswordOptions options = {});

  // "$argon2id$v=19$m=19456,t=2,p=1$salt$hash": parameters and salt are in it.
  Promise<std::string> Hash(std::string password, AbortSignal signal = {});

  // Takes as long for a wrong password as for the right one. Rejects only when
  // the password was not looked at: the queue was full, or the signal aborted
  // before its turn.
  Promise<bool> Verify(std::string password, std::string hash,
                       AbortSignal signal = {});

  // Whether the hash was made with other parameters than are wanted now, or is
  // none.
  bool NeedsRehash(const std::string& hash) const;

  // The hash of a password that nobody knows, of today's parameters: to verify
  // against where there is no hash, so that this takes as long.
  Promise<std::string> Unknown();

  const WorkerPool& pool() const { return pool_; }
  // For what has to take its turn among the passwords.
  WorkerPool& pool() { return pool_; }

 private:
  const PasswordOptions options_;
  std::string unknown_;
  WorkerPool pool_;
};

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_PASSWORD_H_
