#include "runtime/config_limits.h"

namespace millrace::runtime {
namespace {

TokenRate RateOf(const config::v1::Rate& rate) {
  return {.tokens = rate.calls(),
          .period = DurationOf(rate.per()),
          .burst = rate.burst()};
}

}  // namespace

int ShareOf(int64_t limit, const Config& config) {
  return static_cast<int>((limit + config.loops() - 1) / config.loops());
}

CallLimits CallLimitsOf(const Config& config) {
  const config::v1::Calls& calls = config.calls();
  return {.by_address = RateOf(calls.by_address()),
          .by_subject = RateOf(calls.by_subject()),
          .proxies = calls.proxies(),
          .max_in_flight = ShareOf(calls.max_in_flight(), config)};
}

}  // namespace millrace::runtime
