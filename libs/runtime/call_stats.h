// What is counted, timed and logged of each call. Loop thread only.
//
//   millrace_calls_total{method,face,code}   millrace_call_seconds{method,face}
//   millrace_calls_in_flight
#ifndef MILLRACE_RUNTIME_CALL_STATS_H_
#define MILLRACE_RUNTIME_CALL_STATS_H_

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "base/exemplars.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "contract/service.h"

namespace millrace::runtime {

// Which calls get a line in the access log.
enum class CallLog { kAll, kFailed, kNone };

struct FinishedCall {
  const MethodInfo* method = nullptr;
  std::string_view face;
  std::string_view peer;
  const CallContext* context = nullptr;
  absl::Duration took;
  absl::Status status;  // as the caller is told
};

class CallStats {
 public:
  // `logger` and `metrics` outlive it.
  CallStats(CallLog log, Logger& logger, Metrics& metrics);

  void Finish(const FinishedCall& call);
  Gauge& in_flight() { return in_flight_; }
  // From the next call on.
  void SetLog(CallLog log) { log_ = log; }

 private:
  static constexpr size_t kCodes = 17;
  struct OfMethod {
    std::optional<ExemplarObserver> seconds;
    std::array<Counter*, kCodes> calls{};
  };

  OfMethod& Of(const MethodInfo& method, std::string_view face);
  void Log(const FinishedCall& call);

  CallLog log_;
  Logger& logger_;
  Metrics& metrics_;
  Gauge& in_flight_;
  absl::flat_hash_map<std::pair<const MethodInfo*, const char*>, OfMethod>
      methods_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CALL_STATS_H_
