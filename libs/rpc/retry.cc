#include "rpc/retry.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "base/strings.h"
#include "contract/retry.h"

namespace millrace::rpc {
namespace {

constexpr int kMostAttempts = 5;
constexpr double kMostTokens = 1000;

// What the contract's file says: the method table has no word for IDEMPOTENT.
bool IsIdempotent(const MethodInfo& method) {
  if (method.no_side_effects) return true;
  if (method.request == nullptr) return false;  // a table written by hand
  std::string name(method.path.substr(1));
  std::replace(name.begin(), name.end(), '/', '.');
  const google::protobuf::MethodDescriptor* found =
      method.request().GetDescriptor()->file()->pool()->FindMethodByName(name);
  return found != nullptr &&
         found->options().idempotency_level() !=
             google::protobuf::MethodOptions::IDEMPOTENCY_UNKNOWN;
}

}  // namespace

absl::Status RetryOptions::Validate() const {
  if (max_attempts < 1 || max_attempts > kMostAttempts) {
    return absl::InvalidArgumentError(StrCat("max_attempts is ", max_attempts,
                                             "; it must be between 1 and ",
                                             kMostAttempts));
  }
  if (initial_backoff <= absl::ZeroDuration() ||
      max_backoff < initial_backoff) {
    return absl::InvalidArgumentError(StrCat(
        "max_backoff is ", absl::FormatDuration(max_backoff),
        "; it must be at least initial_backoff, ",
        absl::FormatDuration(initial_backoff), ", and that more than 0"));
  }
  if (!(multiplier >= 1)) {
    return absl::InvalidArgumentError(
        StrCat("multiplier is ", multiplier, "; it must be at least 1"));
  }
  if (!(budget_tokens > 0 && budget_tokens <= kMostTokens) ||
      !(budget_ratio > 0)) {
    return absl::InvalidArgumentError(StrCat(
        "budget_tokens is ", budget_tokens, " and budget_ratio ", budget_ratio,
        "; they must be more than 0, the tokens at most ", kMostTokens));
  }
  return absl::OkStatus();
}

void RetryBudget::Failed() { tokens_ = std::max(tokens_ - 1, 0.0); }

void RetryBudget::Succeeded() { tokens_ = std::min(tokens_ + ratio_, most_); }

bool MayRunTwice(const MethodInfo& method, const RetryOptions& options) {
  const auto& also = options.idempotent_methods;
  return std::find(also.begin(), also.end(), method.path) != also.end() ||
         IsIdempotent(method);
}

bool IsRetryable(absl::StatusCode code, const RetryOptions& options) {
  return std::find(options.codes.begin(), options.codes.end(), code) !=
         options.codes.end();
}

std::optional<absl::Duration> WaitBeforeRetry(const RetryOptions& options,
                                              int attempts,
                                              const absl::Status& failure,
                                              absl::Duration left,
                                              double random) {
  if (attempts >= options.max_attempts) return std::nullopt;
  absl::Duration longest = options.initial_backoff;
  for (int i = 1; i < attempts && longest < options.max_backoff; ++i) {
    longest *= options.multiplier;
  }
  const absl::Duration wait =
      random * std::min(longest, options.max_backoff) +
      RetryDelay(failure).value_or(absl::ZeroDuration());
  if (wait >= left) return std::nullopt;
  return wait;
}

}  // namespace millrace::rpc
