#include "loop/event_loop.h"

#include <signal.h>

#include <limits>
#include <utility>

#include "loop/loop_impl.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

constinit thread_local EventLoop* current_loop = nullptr;

// As in Node: a peer that is gone fails a write, it does not end the process.
// libuv writes without MSG_NOSIGNAL. A handler of the program's own stays.
void IgnoreBrokenPipes() {
  struct sigaction action = {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 &&
      action.sa_handler == SIG_DFL) {
    signal(SIGPIPE, SIG_IGN);
  }
}

int64_t Milliseconds(absl::Duration duration, loop_internal::LoopImpl& impl) {
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  if (ms > std::numeric_limits<int32_t>::max()) impl.hooks.WarnOfOverflow(ms);
  return ms;
}

}  // namespace

using loop_internal::Fatal;

EventLoop::EventLoop() {
  if (current_loop != nullptr) Fatal("this thread has an EventLoop already");
  current_loop = this;
  IgnoreBrokenPipes();
  impl_ = std::make_unique<loop_internal::LoopImpl>(this);
}

EventLoop::~EventLoop() {
  AssertThread();
  if (impl_->running) Fatal("an EventLoop was destroyed while it runs");
  impl_->Shutdown();
  impl_.reset();
  current_loop = nullptr;
}

EventLoop* EventLoop::Current() { return current_loop; }

void EventLoop::AssertThread() const {
  if (current_loop != this) {
    Fatal(
        "an EventLoop was used on a thread that does not own it; only Post() "
        "may be called from anywhere");
  }
}

void EventLoop::NextTick(Task task) {
  AssertThread();
  if (impl_->hooks.exiting()) return;
  impl_->microtasks.PushTick(std::move(task));
}

void EventLoop::QueueMicrotask(Task task) {
  AssertThread();
  impl_->microtasks.PushTask(std::move(task));
}

Timer EventLoop::SetTimeout(absl::Duration delay, Task task) {
  AssertThread();
  const int64_t ms = Milliseconds(delay, *impl_);
  return Timer(impl_->timers.Start(ms, false, std::move(task)));
}

Timer EventLoop::SetInterval(absl::Duration period, Task task) {
  AssertThread();
  const int64_t ms = Milliseconds(period, *impl_);
  return Timer(impl_->timers.Start(ms, true, std::move(task)));
}

Immediate EventLoop::SetImmediate(Task task) {
  AssertThread();
  return Immediate(impl_->immediates.Add(std::move(task)));
}

void EventLoop::Post(Task task) {
  impl_->mailbox->Send(std::move(task), current_loop == this
                                            ? ActivityRef::Current()
                                            : ActivityRef());
}

void EventLoop::QueueClose(Task task) {
  AssertThread();
  impl_->close_tasks.emplace_back(std::move(task));
}

void EventLoop::AddRef(const char* what) {
  AssertThread();
  impl_->refs.Add(what);
}

void EventLoop::ReleaseRef(const char* what) {
  AssertThread();
  impl_->refs.Release(what);
}

void EventLoop::Dispatch(absl::FunctionRef<void()> callback) {
  AssertThread();
  impl_->Dispatch(callback);
}

void EventLoop::Run() {
  AssertThread();
  impl_->Run();
}

void EventLoop::Stop() {
  AssertThread();
  impl_->stop = true;
}

bool EventLoop::running() const { return impl_->running; }

bool EventLoop::alive() const {
  AssertThread();
  return impl_->alive();
}

void EventLoop::OnUncaught(ErrorHandler handler) {
  AssertThread();
  impl_->hooks.uncaught.Set(std::move(handler));
}

void EventLoop::OnUnhandledRejection(ErrorHandler handler) {
  AssertThread();
  impl_->hooks.rejection.Set(std::move(handler));
}

void EventLoop::OnBeforeExit(Task task) {
  AssertThread();
  impl_->hooks.before_exit.Set(std::move(task));
}

void EventLoop::OnUncaughtMonitor(UncaughtMonitor monitor) {
  AssertThread();
  impl_->hooks.monitor.Set(std::move(monitor));
}

void EventLoop::SetUnhandledRejections(UnhandledRejections mode) {
  AssertThread();
  impl_->hooks.unhandled_rejections = mode;
}

void EventLoop::OnRejectionHandled(ErrorHandler handler) {
  AssertThread();
  impl_->hooks.rejection_handled.Set(std::move(handler));
}

void EventLoop::OnExit(ExitHandler handler) {
  AssertThread();
  impl_->hooks.exit.Set(std::move(handler));
}

void EventLoop::OnWarning(WarningHandler handler) {
  AssertThread();
  impl_->hooks.warning.Set(std::move(handler));
}

void EventLoop::EmitWarning(Warning warning) {
  AssertThread();
  impl_->hooks.Warn(std::move(warning));
}

absl::Time EventLoop::Now() const {
  if (impl_->wall_ms == nullptr) return absl::Now();
  return absl::FromUnixMillis(*impl_->wall_ms);
}

int64_t EventLoop::TimeMs() const {
  AssertThread();
  return impl_->timers.now();
}

uint64_t EventLoop::turns() const { return impl_->turns; }

void EventLoop::SetPollSource(PollSource* source) {
  AssertThread();
  impl_->SetSource(source);
}

WorkerPool& EventLoop::workers() {
  AssertThread();
  if (impl_->workers == nullptr) {
    impl_->workers = std::make_unique<WorkerPool>(impl_->worker_options);
  }
  return *impl_->workers;
}

void EventLoop::SetWorkers(int threads, size_t max_queued) {
  AssertThread();
  impl_->worker_options = {.threads = threads, .max_queued = max_queued};
}

const WorkerPool* EventLoop::used_workers() const {
  AssertThread();
  return impl_->workers.get();
}

}  // namespace millrace
