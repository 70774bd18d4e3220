// The parts of an event loop, for the files of this module: the only header
// that shows libuv.
#ifndef MILLRACE_LOOP_LOOP_IMPL_H_
#define MILLRACE_LOOP_LOOP_IMPL_H_

#include <uv.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "loop/block_pool.h"
#include "loop/coroutine_waits.h"
#include "loop/debug_checks.h"
#include "loop/event_loop.h"
#include "loop/immediate_queue.h"
#include "loop/loop_hooks.h"
#include "loop/loop_lag.h"
#include "loop/mailbox.h"
#include "loop/microtasks.h"
#include "loop/named_refs.h"
#include "loop/pulse.h"
#include "loop/timer_queue.h"
#include "loop/worker_pool.h"

namespace millrace::loop_internal {

class LoopImpl {
 public:
  explicit LoopImpl(EventLoop* loop);
  ~LoopImpl();

  // Ends the workers and the queues while the loop is still the thread's.
  void Shutdown();
  void SetSource(PollSource* source);

  void Run();
  bool alive() const;
  void Dispatch(absl::FunctionRef<void()> callback);
  void Report(std::exception_ptr error) {
    hooks.Report(std::move(error), ErrorOrigin::kCallback);
  }

  // Adapters count their libuv handles, from init until the close callback:
  // without any, the loop need not ask the kernel in every turn.
  uv_loop_t* uv() { return &uv_; }
  static void OnHandleClosed(uv_handle_t* handle);
  // The loop is being destroyed: nothing may be dispatched any more.
  bool closing() const { return closing_; }
  void HandleOpened() { ++handles_; }
  void HandleClosed() { --handles_; }
  // One of the loop's own.
  bool internal(const uv_handle_t* handle) const;
  // For sockets to read into; what is read is used up in the callback.
  uv_buf_t read_buffer();

  EventLoop* const loop;
  BlockPool blocks;
  Pulse pulse;
  Microtasks microtasks;
  DebugChecks debug_checks;
  TimerQueue timers;
  ImmediateQueue immediates;
  LoopHooks hooks;
  std::shared_ptr<Mailbox> mailbox;
  std::vector<BoundTask> close_tasks;
  WorkerPool::Options worker_options;
  std::unique_ptr<WorkerPool> workers;
  PollSource* source = nullptr;
  // The clock on the wall in milliseconds since 1970; null: the system's.
  const std::atomic<int64_t>* wall_ms = nullptr;

  std::unique_ptr<LoopLag> lag;                     // null: not measured
  std::unique_ptr<CoroutineWaits> coroutine_waits;  // null: not listed

  NamedRefs refs;
  uint64_t turns = 0;
  bool stop = false;
  bool running = false;

 private:
  static constexpr int kSourceBudget = 64;
  static constexpr size_t kReadBytes = 64 * 1024;

  void Turn();
  void PollUv();
  bool NothingReady();
  void RunUv(uv_run_mode mode);
  bool UvMustNotSleep();
  void PollWithSource();
  void SleepInSource();
  // The rest of the poll phase, then the immediates. Inside uv_run() when that
  // is called at all, so that libuv's close callbacks come after it.
  void PostedAndCheck();
  void RunPosted();
  void RunCheck();
  void RunCloseTasks();
  void RunTimers();
  int64_t SleepMs();
  // The poll or close phase has run callbacks: takes the time since the first.
  void PhaseEnded(LatencyHistogram LoopLag::*phase, const char* name);
  void TakePhase(LatencyHistogram& phase, const char* name, int64_t began);

  uv_loop_t uv_;
  uv_async_t async_;  // wakes the sleep in libuv
  uv_timer_t alarm_;  // ends it in time for the timers
  uv_check_t check_;
  int64_t handles_ = 0;
  int depth_ = 0;            // callbacks on the stack
  int64_t phase_began_ = 0;  // its first callback; 0 before, or unmeasured
  bool sleeping_ = false;    // the mailbox has been told so
  bool closing_ = false;
  bool interrupted_ = false;  // a tick threw in the drain of Dispatch()
  std::vector<Mailbox::Item> posted_;
  std::unique_ptr<char[]> read_buffer_;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_LOOP_IMPL_H_
