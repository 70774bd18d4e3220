#include "runtime/call_stats.h"

#include <string>

#include "base/strings.h"
#include "contract/errors.h"

namespace millrace::runtime {
namespace {

// Of this process, rather than of the caller.
Severity SeverityFor(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return Severity::kError;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return Severity::kWarning;
    default:
      return Severity::kInfo;
  }
}

}  // namespace

CallStats::CallStats(CallLog log, Logger& logger, Metrics& metrics)
    : log_(log),
      logger_(logger),
      metrics_(metrics),
      in_flight_(metrics.AddGauge("millrace_calls_in_flight",
                                  "Calls that are being handled.")) {}

CallStats::OfMethod& CallStats::Of(const MethodInfo& method,
                                   std::string_view face) {
  // Faces are named by literals, so that their address tells them apart.
  OfMethod& of = methods_[{&method, face.data()}];
  if (!of.seconds.has_value()) {
    of.seconds.emplace(
        metrics_.AddHistogram("millrace_call_seconds", "How long calls took.",
                              {{"method", std::string(method.path.substr(1))},
                               {"face", std::string(face)}},
                              LatencyBuckets()));
  }
  return of;
}

void CallStats::Finish(const FinishedCall& call) {
  OfMethod& of = Of(*call.method, call.face);
  of.seconds->Observe(call.context->trace, absl::ToDoubleSeconds(call.took));
  const auto code = static_cast<size_t>(call.status.code());
  Counter*& counter = of.calls[code < kCodes ? code : 2];
  if (counter == nullptr) {
    counter = &metrics_.AddCounter(
        "millrace_calls_total", "Calls by outcome.",
        {{"method", std::string(call.method->path.substr(1))},
         {"face", std::string(call.face)},
         {"code", std::string(CodeName(call.status.code()))}});
  }
  counter->Add();
  if (log_ == CallLog::kAll ||
      (log_ == CallLog::kFailed && !call.status.ok())) {
    Log(call);
  }
}

void CallStats::Log(const FinishedCall& call) {
  const Severity severity = SeverityFor(call.status.code());
  if (!logger_.Enabled(severity)) return;
  const std::string trace = call.context->trace.trace_id_hex();
  const std::string span = call.context->trace.span_id_hex();
  std::array<LogField, 9> fields = {
      LogField("trace_id", trace),
      LogField("span_id", span),
      LogField("method", call.method->path.substr(1)),
      LogField("face", call.face),
      LogField("code", CodeName(call.status.code())),
      LogField("ms", absl::ToDoubleMilliseconds(call.took)),
      LogField("peer", call.peer),
      LogField("subject", std::string_view(call.context->identity.subject)),
      LogField("error", MessageOf(call.status))};
  logger_.Write(severity, "call",
                absl::MakeConstSpan(fields).first(call.status.ok() ? 8 : 9));
}

}  // namespace millrace::runtime
