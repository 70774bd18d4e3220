// The event loop: Node.js's phases and queues on one thread.
//
// Each turn: poll (sockets, worker pool, posted tasks), check (immediates),
// close callbacks, timers; timers also once before the first turn. After every
// callback the next ticks and then the microtasks are drained.
//
// The thread that makes a loop owns it, one loop to a thread. Every method but
// Post() must be called there and ends the process otherwise. Whatever uses the
// loop (sockets, pools, services) is destroyed before it, on the same thread.
// Tasks that are still queued at the end are destroyed without running.
//
// What a callback throws goes to OnUncaught() and the loop goes on; without a
// handler, or when a handler throws, the process ends, as in Node. A hook may
// be set anew or removed (with nullptr) at any time, also by itself.
#ifndef MILLRACE_LOOP_EVENT_LOOP_H_
#define MILLRACE_LOOP_EVENT_LOOP_H_

#include <cstdint>
#include <exception>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "loop/hooks.h"
#include "loop/poll_source.h"
#include "loop/task.h"
#include "loop/timer.h"

namespace millrace {

class WorkerPool;

namespace loop_internal {
class LoopImpl;
class Mailbox;
}  // namespace loop_internal

class EventLoop {
 public:
  using ErrorHandler = millrace::ErrorHandler;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // The loop that this thread owns, or null.
  static EventLoop* Current();
  // Ends the process unless called on the loop's thread.
  void AssertThread() const;

  // Runs before anything else once the present callback has returned. Dropped
  // in OnExit()'s hook.
  void NextTick(Task task);
  // The same, after the ticks.
  void QueueMicrotask(Task task);

  // Durations are cut to milliseconds. As in Node, what is below 1 ms or above
  // 2^31-1 ms counts as 1 ms, the latter with a TimeoutOverflowWarning: see
  // Delay() for long waits.
  Timer SetTimeout(absl::Duration delay, Task task);
  Timer SetInterval(absl::Duration period, Task task);
  // Runs in the check phase, after the poll phase.
  Immediate SetImmediate(Task task);
  void Clear(Timer timer) { timer.Clear(); }
  void Clear(Immediate immediate) { immediate.Clear(); }

  // Any thread, while the loop exists. Runs in the poll phase, in order. Keeps
  // Run() from ending only once it has been called.
  void Post(Task task);

  // Runs in this turn's close phase, last in first out: for what has to be
  // said after a handle is gone.
  void QueueClose(Task task);

  // While a count is above zero, Run() does not end. There is one for each
  // `what`, a literal: what is outstanding, for LiveHandles().
  void AddRef(const char* what = "reference");
  void ReleaseRef(const char* what = "reference");

  // Runs one callback as the loop would: with the drain after it, unless
  // inside another callback, and with OnUncaught() for what it throws. For
  // adapters that receive events from elsewhere, in the poll phase.
  void Dispatch(absl::FunctionRef<void()> callback);

  // Runs until nothing ref'd is left or Stop() was called; may be called again.
  void Run();
  // Run() returns after the present turn, and what waits stays for another
  // Run(). There is no process.exit(): a loop does not end the process of its
  // host, nor can it leave the callback that called it.
  void Stop();
  bool running() const;
  // Something ref'd is left.
  bool alive() const;

  void OnUncaught(ErrorHandler handler);
  // Sees every uncaught error before OnUncaught(), also when that is not set;
  // changes nothing.
  void OnUncaughtMonitor(UncaughtMonitor monitor);
  // Rejected promises that nobody waits for, when the queues are empty; by
  // default they are uncaught errors without a handler.
  void OnUnhandledRejection(ErrorHandler handler);
  void SetUnhandledRejections(UnhandledRejections mode);
  // Somebody has begun to wait after a rejection was reported: given the same
  // error. A warning without a handler.
  void OnRejectionHandled(ErrorHandler handler);
  // Called whenever Run() finds nothing left; what it starts revives the loop.
  void OnBeforeExit(Task task);
  // Called last in Run(), and before an uncaught error ends the process. Too
  // late for anything asynchronous: next ticks are dropped, the rest waits for
  // another Run(); Stop() does nothing there.
  void OnExit(ExitHandler handler);

  // Warnings come in a next tick; without a handler they go to stderr.
  void OnWarning(WarningHandler handler);
  void EmitWarning(Warning warning);

  // The clock on the wall, not cached.
  absl::Time Now() const;
  // Milliseconds of a monotonic clock: the time that timers go by, renewed in
  // each turn and whenever a timer is started.
  int64_t TimeMs() const;
  // Turns run so far.
  uint64_t turns() const;

  // The loop sleeps in `source` instead of libuv; null for libuv again. Not
  // owned.
  void SetPollSource(PollSource* source);

  // The loop's own pool, made at the first use: of 4 threads and without a
  // limit of waiting jobs (worker_pool.h, Options), or as it is told before
  // then; afterwards SetWorkers() has no effect.
  WorkerPool& workers();
  void SetWorkers(int threads, size_t max_queued = 0);
  // The same, or null while nothing has used it.
  const WorkerPool* used_workers() const;

  // For the files of this module.
  loop_internal::LoopImpl& impl() { return *impl_; }

 private:
  std::unique_ptr<loop_internal::LoopImpl> impl_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_EVENT_LOOP_H_
