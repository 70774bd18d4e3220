#include "rpc/engine.h"

#include <grpc/support/time.h>

#include "rpc/engine_internal.h"

namespace millrace::rpc {
namespace {

gpr_timespec DeadlineAfter(std::optional<absl::Duration> timeout) {
  if (!timeout.has_value()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  // Far ones are cut: the loop only sleeps again.
  const int64_t nanos =
      absl::ToInt64Nanoseconds(std::min(*timeout, absl::Hours(24)));
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(nanos, GPR_TIMESPAN));
}

}  // namespace

EngineImpl::EngineImpl(EventLoop& loop) : loop_(loop) {}

EngineImpl::~EngineImpl() {
  // Calls that were cancelled with their channel or server still have steps to
  // go, which need the queue.
  while (calls_ > 0) RunOne(gpr_inf_future(GPR_CLOCK_MONOTONIC));
  loop_.SetPollSource(nullptr);
  helper_.reset();
  {
    std::lock_guard lock(wake_mutex_);
    closed_ = true;
  }
  queue_.Shutdown();
  while (RunOne(gpr_inf_future(GPR_CLOCK_MONOTONIC))) {
  }
}

void EngineImpl::Use() {
  if (uses_++ > 0) return;
  if (!helper_.has_value()) helper_.emplace([this] { Wake(); });
  loop_.SetPollSource(this);
}

void EngineImpl::Release() {
  if (--uses_ == 0) loop_.SetPollSource(nullptr);
}

void EngineImpl::CallStarted() {
  if (calls_++ > 0) return;
  Use();
  loop_.AddRef("call over gRPC");
}

void EngineImpl::CallEnded() {
  if (--calls_ > 0) return;
  loop_.ReleaseRef("call over gRPC");
  Release();
}

// False when there was nothing until the deadline or the queue is shut down.
bool EngineImpl::RunOne(gpr_timespec deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, deadline) !=
      grpc::CompletionQueue::GOT_EVENT) {
    return false;
  }
  if (tag == nullptr) {
    // The alarm may be set again only after its tag has been taken.
    wake_pending_.store(false);
    ++stats_.wakes;
    return true;
  }
  ++stats_.completions;
  loop_.Dispatch([&] { static_cast<Completion*>(tag)->Complete(ok); });
  return true;
}

int EngineImpl::RunReady(int budget) {
  ++stats_.polls;
  int count = 0;
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  while (count < budget && RunOne(now)) ++count;
  return count;
}

void EngineImpl::Sleep(int backend_fd, std::optional<absl::Duration> timeout) {
  helper_->Arm(backend_fd);
  ++stats_.sleeps;
  RunOne(DeadlineAfter(timeout));
}

void EngineImpl::Wake() {
  if (wake_pending_.exchange(true)) return;
  std::lock_guard lock(wake_mutex_);
  if (closed_) return;
  wake_alarm_.Set(&queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), nullptr);
}

Engine::Engine(EventLoop& loop, Sleep sleep)
    : impl_(std::make_unique<EngineImpl>(loop)) {
  if (sleep == Sleep::kAlways) impl_->Use();
}
Engine::~Engine() = default;

EventLoop& Engine::loop() const { return impl_->loop(); }
EngineStats Engine::stats() const { return impl_->stats(); }

}  // namespace millrace::rpc
