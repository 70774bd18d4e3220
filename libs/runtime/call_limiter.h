// How many calls are let in: what a Pipeline asks before it handles one.
//
//   by address   how often one address may call (caller_address.h)
//   by subject   how often somebody may whose name is known; anonymous callers
//                are limited by address alone
//   in flight    how many calls one loop handles at once; more are shed
//
// Each refuses with RESOURCE_EXHAUSTED and says when to come back
// (contract/retry.h), which gRPC carries as google.rpc.RetryInfo and HTTP also
// as Retry-After. Routes that modules add are calls too; health, readiness and
// metrics are not, and are never refused here.
//
//   millrace_calls_refused_total{reason="address|subject|in_flight"}
//   millrace_calls_shared_bucket_total{by="address|subject"}
//
// The loops of a process share one, so that a limit is the process's. Any
// thread; `metrics` outlives it.
#ifndef MILLRACE_RUNTIME_CALL_LIMITER_H_
#define MILLRACE_RUNTIME_CALL_LIMITER_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "base/metrics.h"
#include "contract/dispatcher.h"
#include "runtime/token_buckets.h"

namespace millrace::runtime {

// A plain value: who reloads a configuration makes another and sets it.
struct CallLimits {
  TokenRate by_address;
  TokenRate by_subject;
  // How many proxies callers come through; see CallerAddress().
  int proxies = 0;
  int max_in_flight = 10'000;  // of each loop
};

class CallLimiter {
 public:
  // Time that never goes back, from anywhere on.
  using Steady = std::function<absl::Duration()>;

  // `buckets`: how many there are for addresses, and again for subjects.
  CallLimiter(const CallLimits& limits, size_t buckets, Metrics& metrics,
              Steady now = SteadyNow);

  // For calls that come from now on. Buckets keep what they lack.
  void Set(const CallLimits& limits);
  CallLimits limits() const { return *Current(); }

  // CallerAddress(), with the proxies that there are now.
  std::string AddressOf(const IncomingCall& call) const;

  // Callers without an address are not limited by it.
  absl::Status ByAddress(std::string_view address);
  absl::Status BySubject(const Identity& identity);
  // `in_flight`: what the loop that asks handles already.
  absl::Status InFlight(int in_flight);

 private:
  // Callers by one property of theirs.
  struct Kind {
    Kind(std::string_view name, size_t buckets, Metrics& metrics);
    TokenBuckets buckets;
    Counter& refused;
    Counter& shared;
  };

  static absl::Duration SteadyNow();
  static Counter& Refused(std::string_view reason, Metrics& metrics);
  std::shared_ptr<const CallLimits> Current() const;
  // `key` is what the caller is told too, behind `who`.
  absl::Status Take(Kind& kind, const TokenRate& rate, std::string_view who,
                    std::string_view key);

  const Steady now_;
  Kind addresses_;
  Kind subjects_;
  Counter& shed_;
  mutable std::mutex mutex_;
  std::shared_ptr<const CallLimits> limits_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CALL_LIMITER_H_
