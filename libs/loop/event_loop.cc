#include "loop/event_loop.h"

#include <signal.h>

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
  impl_->microtasks.PushTick(std::move(task));
}

void EventLoop::QueueMicrotask(Task task) {
  AssertThread();
  impl_->microtasks.PushTask(std::move(task));
}

Timer EventLoop::SetTimeout(absl::Duration delay, Task task) {
  AssertThread();
  return Timer(impl_->timers.Start(absl::ToInt64Milliseconds(delay), false,
                                   std::move(task)));
}

Timer EventLoop::SetInterval(absl::Duration period, Task task) {
  AssertThread();
  return Timer(impl_->timers.Start(absl::ToInt64Milliseconds(period), true,
                                   std::move(task)));
}

Immediate EventLoop::SetImmediate(Task task) {
  AssertThread();
  return Immediate(impl_->immediates.Add(std::move(task)));
}

void EventLoop::Post(Task task) { impl_->mailbox->Send(std::move(task)); }

void EventLoop::QueueClose(Task task) {
  AssertThread();
  impl_->close_tasks.push_back(std::move(task));
}

void EventLoop::AddRef() {
  AssertThread();
  ++impl_->refs;
}

void EventLoop::ReleaseRef() {
  AssertThread();
  --impl_->refs;
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
  impl_->on_uncaught = std::move(handler);
}

void EventLoop::OnUnhandledRejection(ErrorHandler handler) {
  AssertThread();
  impl_->on_rejection = std::move(handler);
}

void EventLoop::OnBeforeExit(Task task) {
  AssertThread();
  impl_->on_before_exit = std::move(task);
}

absl::Time EventLoop::Now() const { return absl::Now(); }

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
    impl_->workers = std::make_unique<WorkerPool>(WorkerPool::Options{});
  }
  return *impl_->workers;
}

}  // namespace millrace
