#include "runtime/call_limiter.h"

#include <chrono>
#include <utility>

#include "base/strings.h"
#include "contract/retry.h"
#include "runtime/caller_address.h"

namespace millrace::runtime {
namespace {

// A call that was shed is worth another attempt soon: calls end all the time.
constexpr absl::Duration kWhenShed = absl::Seconds(1);

}  // namespace

absl::Duration CallLimiter::SteadyNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

Counter& CallLimiter::Refused(std::string_view reason, Metrics& metrics) {
  return metrics.AddCounter("millrace_calls_refused_total",
                            "Calls that were too many, by which limit.",
                            {{"reason", std::string(reason)}});
}

CallLimiter::Kind::Kind(std::string_view name, size_t buckets, Metrics& metrics)
    : buckets(buckets),
      refused(Refused(name, metrics)),
      shared(metrics.AddCounter(
          "millrace_calls_shared_bucket_total",
          "Calls that were counted together with another caller's, because "
          "there were more callers than buckets.",
          {{"by", std::string(name)}})) {}

CallLimiter::CallLimiter(const CallLimits& limits, size_t buckets,
                         Metrics& metrics, Steady now)
    : now_(std::move(now)),
      addresses_("address", buckets, metrics),
      subjects_("subject", buckets, metrics),
      shed_(Refused("in_flight", metrics)),
      limits_(std::make_shared<const CallLimits>(limits)) {}

void CallLimiter::Set(const CallLimits& limits) {
  auto changed = std::make_shared<const CallLimits>(limits);
  const std::lock_guard lock(mutex_);
  limits_.swap(changed);
}

std::shared_ptr<const CallLimits> CallLimiter::Current() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

absl::Status CallLimiter::Take(Kind& kind, const TokenRate& rate,
                               std::string_view who, std::string_view key) {
  const TokenBuckets::Taken taken = kind.buckets.Take(rate, key, now_());
  if (taken.shared) kind.shared.Add();
  if (taken.wait == absl::ZeroDuration()) return absl::OkStatus();
  kind.refused.Add();
  return RetryAfter(
      absl::ResourceExhaustedError(StrCat(
          "too many calls ", who, " ", key, ": up to ", rate.tokens, " in ",
          absl::FormatDuration(rate.period), " are handled; try again in ",
          WholeSeconds(taken.wait), " s")),
      taken.wait);
}

std::string CallLimiter::AddressOf(const IncomingCall& call) const {
  return CallerAddress(call, Current()->proxies);
}

absl::Status CallLimiter::ByAddress(std::string_view address) {
  if (address.empty()) return absl::OkStatus();
  const auto limits = Current();
  if (limits->by_address.tokens == 0) return absl::OkStatus();
  return Take(addresses_, limits->by_address, "from", address);
}

absl::Status CallLimiter::BySubject(const Identity& identity) {
  if (identity.subject.empty()) return absl::OkStatus();
  const auto limits = Current();
  if (limits->by_subject.tokens == 0) return absl::OkStatus();
  return Take(subjects_, limits->by_subject, "by", identity.subject);
}

absl::Status CallLimiter::InFlight(int in_flight) {
  const int most = Current()->max_in_flight;
  if (in_flight < most) return absl::OkStatus();
  shed_.Add();
  return RetryAfter(
      absl::ResourceExhaustedError(StrCat("this process already handles ", most,
                                          " calls; try again later")),
      kWhenShed);
}

}  // namespace millrace::runtime
