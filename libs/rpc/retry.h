// When a call that has failed is made again, as gRFC A6 has it. Loop thread
// only; the functions are pure.
//
// Repeated is a unary call whose method may run twice: the contract says so
// (idempotency_level NO_SIDE_EFFECTS or IDEMPOTENT), or RetryOptions do. It is
// repeated when it has failed with one of `codes`, while attempts are left, the
// budget allows it, and its deadline is not before the next attempt. Waits grow
// and are random, so that callers who failed together do not come back
// together. A server that says when to come back (contract/retry.h) is not
// asked sooner.
//
// Calls that never left this process, or that the server has surely not seen,
// gRPC repeats by itself, whatever their method; they are no attempts here.
#ifndef MILLRACE_RPC_RETRY_H_
#define MILLRACE_RPC_RETRY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "contract/service.h"

namespace millrace::rpc {

struct RetryOptions {
  // The first included; 1: nothing is repeated. At most 5.
  int max_attempts = 4;
  // Before attempt n + 1 a random time is waited, up to
  // initial_backoff * multiplier^(n - 1), but never more than max_backoff.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(2);
  double multiplier = 2;
  std::vector<absl::StatusCode> codes = {absl::StatusCode::kUnavailable};
  // Paths ("/users.v1.UsersService/Suspend") of methods that may run twice
  // though their contract does not say so.
  std::vector<std::string> idempotent_methods;
  // The budget of all calls of a channel: a failure with one of `codes` takes
  // one token, a success gives `budget_ratio` of one back, up to
  // `budget_tokens`. Nothing is repeated unless more than half of them are
  // there, so that a server that is down is not asked several times as much.
  double budget_tokens = 20;  // at most 1000
  double budget_ratio = 0.1;

  absl::Status Validate() const;
};

class RetryBudget {
 public:
  explicit RetryBudget(const RetryOptions& options)
      : most_(options.budget_tokens),
        ratio_(options.budget_ratio),
        tokens_(most_) {}

  void Failed();
  void Succeeded();
  bool allows() const { return tokens_ > most_ / 2; }

 private:
  const double most_;
  const double ratio_;
  double tokens_;
};

// Whether `method` may run twice.
bool MayRunTwice(const MethodInfo& method, const RetryOptions& options);

// Whether `code` is worth another attempt.
bool IsRetryable(absl::StatusCode code, const RetryOptions& options);

// How long to wait after attempt number `attempts` has failed with `failure`,
// which is retryable; nothing when it is not to be repeated: it was the last,
// or `left`, until the deadline, is too short. `random` is in [0, 1).
std::optional<absl::Duration> WaitBeforeRetry(const RetryOptions& options,
                                              int attempts,
                                              const absl::Status& failure,
                                              absl::Duration left,
                                              double random);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_RETRY_H_
