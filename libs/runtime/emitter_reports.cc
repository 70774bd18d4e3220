#include "runtime/emitter_reports.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::runtime {
namespace {

constexpr absl::Duration kPause = absl::Minutes(1);

// The kinds of activities; emits are known by the address.
constexpr char kEmit[] = "emit";
constexpr char kListener[] = "listener";

// A part of what causes it. Null when that is of no trace, or has had its
// share.
ActivityRef PartOf(Activity* cause, const char* kind, std::string_view handler,
                   std::string_view event) {
  if (cause == nullptr || cause->span_id() == SpanId{} ||
      cause->whole().parts() >= EmitterReports::kSpansOfOne) {
    return {};
  }
  return Activity::Make({.kind = kind,
                         .handler = handler,
                         .event = event,
                         .trace_id = cause->trace_id(),
                         .span_id = TraceContext().Child().span_id,
                         .parent_span_id = cause->span_id(),
                         .sampled = cause->sampled(),
                         .cause = cause});
}

// `span` has its kind and its texts.
void Record(SpanSink& spans, const Activity& part, const CallEnd& end,
            Span span) {
  absl::Status failure;
  if (end.error != nullptr) failure = StatusFrom(end.error);
  span.outcome = failure.ok() ? Span::Outcome::kDone : Span::Outcome::kFailed;
  span.trace_id = part.trace_id();
  span.span_id = part.span_id();
  span.parent_id = part.parent_span_id();
  span.sampled = part.sampled();
  span.start = absl::Now() - end.took;
  span.duration = end.took;
  span.code = failure.code();
  span.error = MessageOf(failure);
  spans.Record(span);
}

class Probe final : public ListenerProbe {
 public:
  Probe(std::unique_ptr<ListenerProbe> metrics, const ListenerInfo& info,
        Logger& logger, const Clock& clock, SpanSink* spans)
      : metrics_(std::move(metrics)),
        emitter_(info.emitter),
        event_(info.event),
        listener_(info.listener),
        handler_(StrCat(emitter_, "/", listener_)),
        budget_(info.budget),
        logger_(logger),
        clock_(clock),
        spans_(spans) {}

  ActivityRef OnCall() override {
    if (spans_ == nullptr) return {};
    Activity* const cause = Activity::Current();
    // Else the emit was not followed, or calls it on a worker.
    if (cause == nullptr || cause->kind() != kEmit) return {};
    return PartOf(cause, kListener, handler_, event_);
  }

  void OnListenerDone(absl::Duration took) override {
    metrics_->OnListenerDone(took);
  }

  void OnOverBudget(absl::Duration took) override {
    metrics_->OnOverBudget(took);
    int64_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      ++count_;
      const absl::Time now = clock_.Now();
      if (now < next_) return;
      next_ = now + kPause;
      count = std::exchange(count_, 0);
    }
    logger_.Warning("a listener took longer than its budget",
                    {{"emitter", std::string_view(emitter_)},
                     {"event", std::string_view(event_)},
                     {"listener", std::string_view(listener_)},
                     {"took_ms", absl::ToDoubleMilliseconds(took)},
                     {"budget_ms", absl::ToDoubleMilliseconds(budget_)},
                     {"times", count}});
  }

  void OnCallEnded(const Activity& call, const CallEnd& end) override {
    Span span;
    span.kind = Span::Kind::kListen;
    span.name = event_;
    span.source = emitter_;
    span.group = listener_;
    Record(*spans_, call, end, span);
  }

 private:
  const std::unique_ptr<ListenerProbe> metrics_;
  const std::string emitter_, event_, listener_;
  const std::string handler_;  // of activities
  const absl::Duration budget_;
  Logger& logger_;
  const Clock& clock_;
  SpanSink* const spans_;
  std::mutex mutex_;  // a listener may run on several threads of the pool
  int64_t count_ = 0;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace

std::unique_ptr<ListenerProbe> EmitterReports::Watch(const ListenerInfo& info) {
  return std::make_unique<Probe>(metrics_.Watch(info), info, logger_, clock_,
                                 spans_);
}

ActivityRef EmitterReports::OnEmit(std::string_view, std::string_view event) {
  if (spans_ == nullptr) return {};
  Activity* const cause = Activity::Current();
  if (cause == nullptr) return {};
  return PartOf(cause, kEmit, cause->handler(), event);
}

void EmitterReports::OnEmitEnded(std::string_view emitter,
                                 std::string_view event, const Activity& emit,
                                 const CallEnd& end) {
  Span span;
  span.kind = Span::Kind::kLocalEmit;
  span.name = event;
  span.source = emitter;
  Record(*spans_, emit, end, span);
}

}  // namespace millrace::runtime
