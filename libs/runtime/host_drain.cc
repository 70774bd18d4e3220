// How a host ends: Host::Drain().

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "runtime/bus_rpc.h"
#include "runtime/host.h"

namespace millrace::runtime {

// Divides the time there is. A step that ends early leaves its time to those
// behind it.
class Host::DrainSteps {
 public:
  DrainSteps(absl::Duration total, Logger& logger)
      : start_(absl::Now()), total_(total), logger_(logger) {}

  // What is left until this share of the whole has passed.
  absl::Duration Until(double share) const {
    return std::max(start_ + total_ * share - absl::Now(),
                    absl::Milliseconds(10));
  }

  void Note(std::string_view step, const absl::Status& status) {
    if (status.ok()) return;
    logger_.Warning("a step of the drain was cut off",
                    {{"step", step}, {"error", MessageOf(status)}});
    cut_.push_back(StrCat(step, " (", MessageOf(status), ")"));
  }

  absl::Status Outcome() const {
    if (cut_.empty()) return absl::OkStatus();
    return absl::DeadlineExceededError(
        StrCat("not finished within drain_timeout, ",
               absl::FormatDuration(total_), ": ", absl::StrJoin(cut_, "; ")));
  }

 private:
  const absl::Time start_;
  const absl::Duration total_;
  Logger& logger_;
  std::vector<std::string> cut_;
};

namespace {

// What an export needs beyond its time to tell that it is over.
constexpr absl::Duration kExportEnds = absl::Seconds(1);

// A promise that is not worth waiting for longer.
Promise<absl::Status> Within(Promise<void> promise, absl::Duration bound) {
  return AsStatusOr(WithTimeout(std::move(promise), bound));
}

}  // namespace

Promise<absl::Status> Host::Drain() {
  DrainSteps steps(DurationOf(options_.config.drain_timeout()), logger_);
  if (parts_.first_loop()) logger_.Info("draining");
  draining_ = true;
  readiness_.Drain();
  watch_.Clear();
  starting_.Abort(absl::CancelledError("the process ends"));
  Promise<void> remotes = remotes_.Stop();

  // The other loops end their calls at the same time, and are through before
  // what they share is closed.
  std::optional<Promise<void>> others;
  if (sides_ != nullptr) {
    others = sides_->Drain();
    (void)AsStatusOr(*others);  // its error is told below
  }

  // Streams are given less time than calls, which end by themselves.
  Timer streams = loop_.SetTimeout(
      steps.Until(0.2),
      [pipeline = pipeline_.get()] { pipeline->EndStreams(); });
  if (http_ != nullptr) {
    Promise<void> http = http_->Drain(steps.Until(0.6));
    if (grpc_ != nullptr) {
      steps.Note("calls over gRPC",
                 co_await AsStatusOr(grpc_->Drain(steps.Until(0.6))));
    }
    steps.Note("calls over HTTP", co_await AsStatusOr(std::move(http)));
  }
  steps.Note("handlers", co_await Within(pipeline_->Idle(), steps.Until(0.65)));
  streams.Clear();
  if (started_) {
    // Why starting failed was said by Start().
    static_cast<void>(co_await Within(*started_, steps.Until(0.7)));
  }
  if (others.has_value()) {
    steps.Note("other loops", co_await Within(*others, steps.Until(0.75)));
  }

  steps.Note("subscriptions",
             co_await AsStatusOr(bus_.Drain(steps.Until(0.8))));
  for (auto index = wiring_.order.rbegin(); index != wiring_.order.rend();
       ++index) {
    steps.Note(StrCat("module ", modules_[*index]->name()),
               co_await Within(modules_[*index]->Stop(), steps.Until(0.85)));
  }
  for (const auto& module : modules_) {
    // Nothing is lost: what is left goes out when a process comes again.
    const absl::Status status =
        co_await AsStatusOr(module->Flush(steps.Until(0.9)));
    if (!status.ok()) {
      logger_.Warning(
          "events wait in the outbox for the next process",
          {{"module", module->name()}, {"error", MessageOf(status)}});
    }
  }
  steps.Note("the bus", co_await AsStatusOr(bus_.Close(steps.Until(0.95))));
  for (const auto& module : modules_) {
    steps.Note(StrCat("the database of ", module->name()),
               co_await Within(module->Close(), steps.Until(1)));
  }
  if (tls_reload_ != nullptr) {
    steps.Note("certificates",
               co_await Within(tls_reload_->Stop(), steps.Until(1)));
  }
  if (export_ != nullptr) {
    // What the collector does not take by then is counted and logged, and no
    // reason to say that the process has not ended well.
    const absl::Duration left = steps.Until(1);
    (void)co_await Within(export_->Close(left), left + kExportEnds);
  }
  steps.Note("questions to other processes",
             co_await Within(std::move(remotes), steps.Until(1)));
  if (check_) steps.Note("checks", co_await Within(*check_, steps.Until(1)));
  const absl::Status outcome = steps.Outcome();
  if (parts_.first_loop()) {
    logger_.Info("drained", {{"clean", outcome.ok()}});
  }
  co_return outcome;
}

}  // namespace millrace::runtime
