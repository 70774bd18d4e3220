#include "loop/microtasks.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "loop/monotonic.h"
#include "loop/promise_state.h"
#include "loop/timeline_track.h"

namespace millrace::loop_internal {

constinit thread_local Microtasks* Microtasks::current_ = nullptr;

constinit thread_local bool Microtasks::ended_ = false;

void SetCurrent(Microtasks* microtasks) {
  Microtasks::current_ = microtasks;
  Microtasks::ended_ = microtasks == nullptr;
}

void Fatal(std::string_view message) {
  std::fprintf(stderr, "millrace: %.*s\n", static_cast<int>(message.size()),
               message.data());
  std::abort();
}

Microtasks::Microtasks(Report report, Report reject, Report handled)
    : report_(std::move(report)),
      reject_(std::move(reject)),
      handle_(std::move(handled)) {}

Microtasks::~Microtasks() { DropAll(); }

void Microtasks::DropAll() {
  // What goes may settle promises, which queues more.
  while (!idle()) {
    ticks_.Clear();
    while (!jobs_.empty()) {
      const Job job = jobs_.Pop();
      job.run(job.data, Fate::kDrop);
      if (job.activity != nullptr) job.activity->Unref();
    }
    untold_ = false;
    handled_.clear();
    for (StateBase* state : std::exchange(rejections_, {})) state->Unref();
  }
}

void Microtasks::NoLoop() {
  Fatal(
      "a microtask was queued on a thread that has no EventLoop; use "
      "EventLoop::Post() to reach the loop's thread");
}

void Microtasks::PushTask(Task&& task) {
  tasks_.Push(std::move(task));
  jobs_.Push({&Microtasks::RunTask, this, CaptureActivity()});
}

void Microtasks::RunTask(void* self, Fate fate) {
  RingQueue<Task>::First task(static_cast<Microtasks*>(self)->tasks_);
  if (fate == Fate::kRun) (*task)();
}

void Microtasks::PushRejection(StateBase* state) {
  state->Ref();
  rejections_.push_back(state);
  untold_ = true;
}

void Microtasks::PushHandled(std::exception_ptr error) {
  handled_.push_back(std::move(error));
  untold_ = true;
}

void Microtasks::TraceJob(const Job& job, int64_t began) {
  if (job.activity == nullptr || thread_track == nullptr) return;
  thread_track->Slice(job.activity->kind(), job.activity->handler(),
                      job.activity->event(), began);
}

void Microtasks::RunJobs() {
  while (!jobs_.empty()) {
    const RingQueue<Job>::First job(jobs_);
    EnterActivity(job->activity);
    const int64_t began = thread_track != nullptr ? MonotonicNs() : 0;
    try {
      job->run(job->data, Fate::kRun);
    } catch (...) {
      report_(std::current_exception());
    }
    if (began != 0) TraceJob(*job, began);
    LeaveActivity(job->activity);
  }
  jobs_.Trim();
  tasks_.Trim();
}

bool Microtasks::DrainTicks() {
  do {
    while (!ticks_.empty()) {
      const RingQueue<BoundTask>::First tick(ticks_);
      try {
        tick->Run();
      } catch (...) {
        report_(std::current_exception());
        LeaveActivity();
        return false;
      }
    }
    ticks_.Trim();
    RunJobs();
  } while (!ticks_.empty() || RunRejections());
  return true;
}

// True when a hook ran, which may have queued something.
bool Microtasks::RunRejections() {
  if (!std::exchange(untold_, false)) return false;
  const std::vector<std::exception_ptr> handled = std::exchange(handled_, {});
  const std::vector<StateBase*> rejections = std::exchange(rejections_, {});
  bool reported = !handled.empty();
  for (const std::exception_ptr& error : handled) handle_(error);
  for (StateBase* state : rejections) {
    if (!state->handled()) {
      reported = true;
      state->MarkReported();
      reject_(state->error());
    }
    state->Unref();
  }
  return reported || untold_;
}

}  // namespace millrace::loop_internal
