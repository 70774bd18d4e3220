#include "loop/microtasks.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "loop/promise_state.h"

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

Microtasks::Microtasks(Report report, Report reject)
    : report_(std::move(report)), reject_(std::move(reject)) {}

Microtasks::~Microtasks() { DropAll(); }

void Microtasks::DropAll() {
  // What goes may settle promises, which queues more.
  while (!idle()) {
    ticks_.Clear();
    while (!jobs_.empty()) {
      const Job job = jobs_.Pop();
      job.run(job.data, Fate::kDrop);
    }
    for (StateBase* state : std::exchange(rejections_, {})) state->Unref();
  }
}

void Microtasks::NoLoop() {
  Fatal(
      "a microtask was queued on a thread that has no EventLoop; use "
      "EventLoop::Post() to reach the loop's thread");
}

void Microtasks::PushTask(Task task) {
  tasks_.Push(std::move(task));
  jobs_.Push({&Microtasks::RunTask, this});
}

void Microtasks::RunTask(void* self, Fate fate) {
  Task task = static_cast<Microtasks*>(self)->tasks_.Pop();
  if (fate == Fate::kRun) task();
}

void Microtasks::PushRejection(StateBase* state) {
  state->Ref();
  rejections_.push_back(state);
}

void Microtasks::RunJobs() {
  while (!jobs_.empty()) {
    try {
      do {
        const Job job = jobs_.Pop();
        job.run(job.data, Fate::kRun);
      } while (!jobs_.empty());
    } catch (...) {
      report_(std::current_exception());
    }
  }
  jobs_.Trim();
  tasks_.Trim();
}

bool Microtasks::DrainTicks() {
  do {
    try {
      while (!ticks_.empty()) {
        Task tick = ticks_.Pop();
        tick();
      }
    } catch (...) {
      report_(std::current_exception());
      return false;
    }
    ticks_.Trim();
    RunJobs();
  } while (!ticks_.empty() || RunRejections());
  return true;
}

// True when a hook ran, which may have queued something.
bool Microtasks::RunRejections() {
  if (rejections_.empty()) return false;
  const std::vector<StateBase*> rejections = std::exchange(rejections_, {});
  bool reported = false;
  for (StateBase* state : rejections) {
    if (!state->handled()) {
      reported = true;
      state->MarkHandled();
      reject_(state->error());
    }
    state->Unref();
  }
  return reported || !rejections_.empty();
}

}  // namespace millrace::loop_internal
