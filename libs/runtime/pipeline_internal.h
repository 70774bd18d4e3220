// One call as the pipeline keeps it. Private to the pipeline's files; loop
// thread only.
#ifndef MILLRACE_RUNTIME_PIPELINE_INTERNAL_H_
#define MILLRACE_RUNTIME_PIPELINE_INTERNAL_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "loop/abort.h"
#include "loop/activity.h"
#include "loop/timer.h"
#include "runtime/pipeline.h"

namespace millrace::runtime {

// What a call does from here on is of this activity.
ActivityRef ActivityOf(const IncomingCall& incoming, const TraceContext& trace);

// A handler that runs, for as long as this lives.
class Pipeline::InFlight {
 public:
  explicit InFlight(Pipeline& pipeline) : pipeline_(&pipeline) {
    ++pipeline_->in_flight_;
    pipeline_->Enter();
    pipeline_->stats_.in_flight().Add(1);
  }
  InFlight(InFlight&& other) noexcept
      : pipeline_(std::exchange(other.pipeline_, nullptr)) {}
  InFlight& operator=(InFlight&&) = delete;
  ~InFlight() {
    if (pipeline_ == nullptr) return;
    pipeline_->stats_.in_flight().Add(-1);
    --pipeline_->in_flight_;
    pipeline_->Leave();
  }

 private:
  Pipeline* pipeline_;
};

// One call from its beginning to its line in the log.
class Pipeline::Scope {
 public:
  Scope(Pipeline& pipeline, const IncomingCall& incoming, Begun begun);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // What the handler is told, and waits for: the caller's leaving and the
  // deadline, whichever is first.
  AbortSignal Watch(const AbortSignal& caller, absl::Duration left);
  AbortSignal signal() const { return controller_.signal(); }
  void Abort(absl::Status reason) { controller_.Abort(std::move(reason)); }

  // Counts and logs the call; gives what the caller is told.
  absl::Status Finish(absl::Status status);

  const MethodInfo& method() const { return method_; }

  CallContext context;  // as far as it is known

 private:
  void RecordSpan(absl::Duration took, const absl::Status& status) const;

  Pipeline& pipeline_;
  const SpanId parent_;
  const MethodInfo& method_;
  const std::string_view face_;
  const absl::Time start_;
  AbortController controller_;
  AbortSubscription left_caller_;
  Timer timer_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_PIPELINE_INTERNAL_H_
