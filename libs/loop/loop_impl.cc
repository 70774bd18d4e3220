#include "loop/loop_impl.h"

#include <sys/epoll.h>

#include <cstdio>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/monotonic.h"
#include "loop/uv_handle.h"

namespace millrace::loop_internal {
namespace {

void CheckUv(int result, const char* what) {
  if (result == 0) return;
  Fatal(StrCat("the event loop cannot ", what, ": ", uv_strerror(result)));
}

// It only ends the sleep.
void OnAlarm(uv_timer_t*) {}

}  // namespace

LoopImpl::LoopImpl(EventLoop* owner)
    : loop(owner),
      microtasks([this](std::exception_ptr error) { Report(error); },
                 [this](std::exception_ptr error) {
                   hooks.ReportRejection(std::move(error));
                 },
                 [this](std::exception_ptr error) {
                   hooks.ReportHandled(std::move(error));
                 }),
      timers({.drain = [this] { return microtasks.Drain(); },
              .report = [this](std::exception_ptr error) { Report(error); },
              .pulse = &pulse}),
      immediates({.drain = [this] { return microtasks.Drain(); },
                  .report = [this](std::exception_ptr error) { Report(error); },
                  .pulse = &pulse}),
      hooks(&microtasks, &immediates),
      mailbox(std::make_shared<Mailbox>([this] { uv_async_send(&async_); })) {
  CheckUv(uv_loop_init(&uv_), "start");
  CheckUv(uv_async_init(&uv_, &async_, [](uv_async_t*) {}), "make its waker");
  uv_timer_init(&uv_, &alarm_);
  uv_check_init(&uv_, &check_);
  check_.data = this;
  uv_check_start(&check_, [](uv_check_t* handle) {
    static_cast<LoopImpl*>(handle->data)->PostedAndCheck();
  });
  // What the loop itself needs does not keep it alive.
  for (auto* handle : {reinterpret_cast<uv_handle_t*>(&async_),
                       reinterpret_cast<uv_handle_t*>(&alarm_),
                       reinterpret_cast<uv_handle_t*>(&check_)}) {
    uv_unref(handle);
  }
  SetCurrent(&microtasks);
  thread_pool = &blocks;
}

void LoopImpl::Shutdown() {
  workers.reset();
  closing_ = true;
  mailbox->Close();
  mailbox->TakeAll(&posted_);
  posted_.clear();
  // What goes may queue another.
  while (!close_tasks.empty()) std::exchange(close_tasks, {});
  timers.DropAll();
  immediates.DropAll();
  microtasks.DropAll();
  coroutine_waits.reset();
  debug_checks.LoopEnds();
}

LoopImpl::~LoopImpl() {
  SetCurrent(nullptr);
  thread_pool = nullptr;
  uv_walk(
      &uv_,
      [](uv_handle_t* handle, void* self) {
        if (uv_is_closing(handle)) return;
        const bool own = static_cast<LoopImpl*>(self)->internal(handle);
        uv_close(handle, own ? nullptr : &LoopImpl::OnHandleClosed);
      },
      this);
  while (uv_run(&uv_, UV_RUN_DEFAULT) != 0) {
  }
  CheckUv(uv_loop_close(&uv_), "end");
}

bool LoopImpl::internal(const uv_handle_t* handle) const {
  return handle == reinterpret_cast<const uv_handle_t*>(&async_) ||
         handle == reinterpret_cast<const uv_handle_t*>(&alarm_) ||
         handle == reinterpret_cast<const uv_handle_t*>(&check_);
}

void LoopImpl::OnHandleClosed(uv_handle_t* handle) {
  std::unique_ptr<UvHandle> owner(static_cast<UvHandle*>(handle->data));
  LoopImpl& loop = owner->loop;
  if (loop.closing_) return;
  loop.Dispatch([&owner] {
    owner->Closed();
    owner.reset();  // before the drain: it may settle promises
  });
}

uv_buf_t LoopImpl::read_buffer() {
  if (read_buffer_ == nullptr) read_buffer_.reset(new char[kReadBytes]);
  return uv_buf_init(read_buffer_.get(), kReadBytes);
}

void LoopImpl::SetSource(PollSource* next) {
  source = next;
  if (next == nullptr) {
    mailbox->SetWake([this] { uv_async_send(&async_); });
  } else {
    mailbox->SetWake([next] { next->Wake(); });
  }
}

void LoopImpl::Dispatch(absl::FunctionRef<void()> callback) {
  if (depth_++ == 0) {
    pulse.Begin("callback");
    if (lag != nullptr && phase_began_ == 0) phase_began_ = MonotonicNs();
  }
  bool failed = false;
  try {
    callback();
  } catch (...) {
    failed = true;
    Report(std::current_exception());
  }
  if (--depth_ > 0) return;
  LeaveActivity();
  if (!failed) {
    ++depth_;
    interrupted_ = !microtasks.Drain();
    --depth_;
  }
  pulse.End();
}

bool LoopImpl::alive() const {
  return timers.refed() || immediates.refed() || refs.total() > 0 ||
         !close_tasks.empty() || !mailbox->empty() || uv_loop_alive(&uv_) != 0;
}

void LoopImpl::Run() {
  if (running) Fatal("EventLoop::Run() was called inside a callback");
  running = true;
  // As in Node: what a throwing tick of the main code left behind waits for the
  // next callback, which may be a timer.
  if (!std::exchange(interrupted_, false)) Dispatch([] {});
  do {
    bool more = alive();
    if (more && !stop) RunTimers();
    while (more && !stop) {
      Turn();
      more = alive();
    }
    if (stop) break;
    if (hooks.before_exit) Dispatch([this] { hooks.before_exit(); });
  } while (!stop && alive());
  hooks.Exit(stop ? ExitReason::kStopped : ExitReason::kDone);
  stop = false;
  running = false;
  interrupted_ = false;
}

void LoopImpl::Turn() {
  ++turns;
  phase_began_ = 0;
  if (source != nullptr) {
    PollWithSource();
  } else {
    PollUv();
  }
  RunCloseTasks();
  RunTimers();
}

// 0 when there is something to do at once, -1 when no timer limits the sleep.
int64_t LoopImpl::SleepMs() {
  if (stop || immediates.refed() || !close_tasks.empty() || !alive()) return 0;
  timers.UpdateTime();
  return timers.UntilAlarm();
}

// libuv does nothing at all without a ref'd handle, although others may have
// something to tell: the waker stands for them.
void LoopImpl::RunUv(uv_run_mode mode) {
  uv_ref(reinterpret_cast<uv_handle_t*>(&async_));
  uv_run(&uv_, mode);
  uv_unref(reinterpret_cast<uv_handle_t*>(&async_));
}

bool LoopImpl::UvMustNotSleep() {
  uv_ref(reinterpret_cast<uv_handle_t*>(&async_));
  const bool busy = uv_backend_timeout(&uv_) == 0;
  uv_unref(reinterpret_cast<uv_handle_t*>(&async_));
  return busy;
}

// Spares a busy loop the rest of uv_run(). What the kernel reports stays for
// libuv to find: it watches level-triggered.
bool LoopImpl::NothingReady() {
  if (handles_ == 0) return true;
  if (UvMustNotSleep()) return false;
  epoll_event event;
  return epoll_wait(uv_backend_fd(&uv_), &event, 1, 0) == 0;
}

void LoopImpl::PollUv() {
  const int64_t timeout = SleepMs();
  if (timeout == 0 && NothingReady()) return PostedAndCheck();
  sleeping_ = timeout != 0 && mailbox->BeginSleep();
  if (!sleeping_) return RunUv(UV_RUN_NOWAIT);
  uv_update_time(&uv_);
  // Repeated: uv_run() runs what is due before it sleeps. If this thread is
  // kept waiting for a processor until then, the alarm would be spent, and the
  // sleep without an end.
  if (timeout > 0) uv_timer_start(&alarm_, &OnAlarm, timeout, 1);
  RunUv(UV_RUN_ONCE);
  if (timeout > 0) uv_timer_stop(&alarm_);
}

void LoopImpl::PollWithSource() {
  // libuv also says that it must not sleep when it has yet to tell the kernel
  // what it watches, which takes a run even without a handle.
  const bool uv_busy = UvMustNotSleep();
  if (source->RunReady(kSourceBudget) == 0 && !uv_busy) SleepInSource();
  if (handles_ > 0 || uv_busy) {
    RunUv(UV_RUN_NOWAIT);
  } else {
    PostedAndCheck();
  }
}

void LoopImpl::SleepInSource() {
  const int64_t timeout = SleepMs();
  if (timeout == 0 || !mailbox->BeginSleep()) return;
  sleeping_ = true;
  source->Sleep(
      uv_backend_fd(&uv_),
      timeout < 0 ? std::nullopt : std::optional(absl::Milliseconds(timeout)));
}

void LoopImpl::PostedAndCheck() {
  if (closing_) return;
  if (std::exchange(sleeping_, false)) mailbox->EndSleep();
  RunPosted();
  PhaseEnded(&LoopLag::poll, "poll");
  RunCheck();
}

void LoopImpl::PhaseEnded(LatencyHistogram LoopLag::*phase, const char* name) {
  if (phase_began_ == 0) return;
  TakePhase((*lag).*phase, name, std::exchange(phase_began_, 0));
}

void LoopImpl::TakePhase(LatencyHistogram& phase, const char* name,
                         int64_t began) {
  phase.Record(MonotonicNs() - began);
  if (thread_track != nullptr) thread_track->Slice("phase", name, "", began);
}

void LoopImpl::RunPosted() {
  if (mailbox->empty()) return;
  const int64_t sent = mailbox->TakeAll(&posted_);
  if (sent != 0) lag->post_wait.Record(MonotonicNs() - sent);
  for (Mailbox::Item& item : posted_) {
    Dispatch([&item] {
      EnterActivity(item.activity.get());
      item.task();
    });
    item.task = nullptr;
    item.activity = ActivityRef();
  }
  posted_.clear();
}

void LoopImpl::RunCheck() {
  if (!microtasks.idle()) Dispatch([] {});
  if (immediates.empty()) return PhaseEnded(&LoopLag::check, "check");
  if (lag != nullptr && phase_began_ == 0) phase_began_ = MonotonicNs();
  do {
    ++depth_;
    if (immediates.RunBatch()) microtasks.Drain();
    --depth_;
  } while (immediates.unfinished());
  pulse.End();
  PhaseEnded(&LoopLag::check, "check");
}

void LoopImpl::RunCloseTasks() {
  // libuv's close callbacks came before.
  if (close_tasks.empty()) return PhaseEnded(&LoopLag::close, "close");
  std::vector<BoundTask> tasks = std::exchange(close_tasks, {});
  while (!tasks.empty()) {
    BoundTask task = std::move(tasks.back());
    tasks.pop_back();
    Dispatch([&task] {
      task.Run();
      task.task = nullptr;  // before the drain: it may settle promises
    });
  }
  PhaseEnded(&LoopLag::close, "close");
}

void LoopImpl::RunTimers() {
  timers.UpdateTime();
  if (!timers.due()) return;
  const int64_t began = lag != nullptr ? MonotonicNs() : 0;
  ++depth_;
  while (timers.RunDue()) microtasks.Drain();
  --depth_;
  pulse.End();
  if (began != 0) TakePhase(lag->timers, "timers", began);
}

}  // namespace millrace::loop_internal
