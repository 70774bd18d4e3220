// The queues that are drained after every callback: next ticks, microtasks,
// and the rejections that nobody has observed. Private to loop; promises push
// their reactions here.
//
// Loop-bound: used by the loop's thread only, which finds its own through
// Microtasks::Current().
#ifndef MILLRACE_LOOP_MICROTASKS_H_
#define MILLRACE_LOOP_MICROTASKS_H_

#include <exception>
#include <string_view>
#include <vector>

#include "loop/activity.h"
#include "loop/ring_queue.h"
#include "loop/task.h"

namespace millrace::loop_internal {

class StateBase;

// Ends the process after saying what was done wrong.
[[noreturn]] void Fatal(std::string_view message);

// What is to become of a job: kDrop when the loop ends before its turn.
enum class Fate { kRun, kDrop };

// A callback that needs no allocation: a function and its argument, and a
// reference to the activity it runs under.
struct Job {
  void (*run)(void* data, Fate fate);
  void* data;
  Activity* activity;
};

// A task with the activity it was queued under.
struct BoundTask {
  explicit BoundTask(Task&& t)
      : task(std::move(t)), activity(ActivityRef::Current()) {}

  // Runs it as a callback of its own.
  void Run() {
    EnterActivity(activity.get());
    task();
    LeaveActivity();
  }

  Task task;
  ActivityRef activity;
};

class Microtasks {
 public:
  // `report` is given what a callback threw, `reject` what a promise that
  // nobody observes was rejected with, and `handled` the same once somebody
  // observes it nevertheless. The latter two must not throw.
  using Report = absl::AnyInvocable<void(std::exception_ptr)>;
  Microtasks(Report report, Report reject, Report handled);
  ~Microtasks();
  Microtasks(const Microtasks&) = delete;
  Microtasks& operator=(const Microtasks&) = delete;

  // The queues of the calling thread's loop; null without a loop.
  static Microtasks* Current() { return current_; }
  // This thread had a loop, and has none now.
  static bool ended() { return ended_ && current_ == nullptr; }
  // As Current(), or Fatal().
  static Microtasks& Mine() {
    if (current_ == nullptr) NoLoop();
    return *current_;
  }

  // Takes over the reference to the activity.
  void Push(Job job) { jobs_.Push(std::move(job)); }
  void PushTask(Task&& task);
  void PushTick(Task&& task) { ticks_.Emplace(std::move(task)); }
  void PushRejection(StateBase* state);
  void PushHandled(std::exception_ptr error);

  // Everything, in Node's order: if a tick is queued, all ticks, then all
  // microtasks, repeated; otherwise microtasks first. False when a tick threw:
  // the rest stays for the next drain.
  bool Drain() {
    if (ticks_.empty()) {
      if (!jobs_.empty()) RunJobs();
      if (ticks_.empty() && !untold_) return true;
    }
    return DrainTicks();
  }

  // Drops all that waits without running it.
  void DropAll();

  bool idle() const { return ticks_.empty() && jobs_.empty() && !untold_; }

 private:
  friend void SetCurrent(Microtasks*);

  [[noreturn]] static void NoLoop();
  void RunJobs();
  static void TraceJob(const Job& job, int64_t began);
  bool DrainTicks();
  bool RunRejections();
  static void RunTask(void* self, Fate fate);

  static constinit thread_local Microtasks* current_;
  static constinit thread_local bool ended_;

  RingQueue<Job> jobs_;
  RingQueue<Task> tasks_;  // of the jobs that are tasks, in the same order
  RingQueue<BoundTask> ticks_;
  std::vector<StateBase*> rejections_;
  std::vector<std::exception_ptr> handled_;
  bool untold_ = false;  // one of the two vectors has something
  Report report_;
  Report reject_;
  Report handle_;
};

// Called by the loop when it begins and ends to own the thread.
void SetCurrent(Microtasks* microtasks);

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_MICROTASKS_H_
