// Threads for work that blocks or computes.
//
// Run(f) is called on a loop's thread; f runs on a thread of the pool, in the
// order of the calls, and the promise settles on the calling loop, in its poll
// phase: with what f returns, or with what it throws. f and its result are
// destroyed on the loop's thread, or with the pool when the loop is gone by
// then. Several loops may share a pool. A job keeps its loop running.
//
// A job that no thread has taken yet can be taken back by an AbortSignal; one
// that runs goes on to its end. With `max_queued` a job that finds the queue
// full is refused at once with RESOURCE_EXHAUSTED, so that a burst becomes an
// error of its callers and not memory. The pool measures how long jobs wait
// and run.
//
// The destructor waits until everything that was queued has run.
#ifndef MILLRACE_LOOP_WORKER_POOL_H_
#define MILLRACE_LOOP_WORKER_POOL_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "base/histogram.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/task.h"

namespace millrace {

namespace loop_internal {
class Mailbox;
}  // namespace loop_internal

class WorkerPool {
 public:
  struct Options {
    int threads = 4;
    std::string name = "worker";  // of the threads, as debuggers show them
    size_t max_queued = 0;        // jobs that wait; 0 is no limit
  };

  class Impl;

  // A job as the pool sees it: Execute() on a pool thread, then Complete() and
  // the destructor on the loop's. Or Refuse() there, when it is not going to
  // run.
  class Job {
   public:
    Job() = default;
    virtual ~Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    virtual void Execute() = 0;
    virtual void Complete() = 0;
    virtual void Refuse(const absl::Status&) {}

   private:
    friend class Impl;

    // Its place in the queue, which owns it there.
    Job* prev_ = nullptr;
    Job* next_ = nullptr;
    bool queued_ = false;
    int64_t submitted_ = 0;
    std::shared_ptr<loop_internal::Mailbox> mailbox_;  // of its loop
    AbortSignal signal_;  // a combined one lives only while it is held
    AbortSubscription abort_;
  };

  explicit WorkerPool(Options options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Rejects with the signal's reason when that aborts before f has begun.
  template <typename F>
  Promise<std::invoke_result_t<F&>> Run(F f, AbortSignal signal = {});

  // What Run() is made of. Loop thread.
  void Submit(std::unique_ptr<Job> job, AbortSignal signal = {});

  // Any thread, like all below.
  int threads() const;
  // Jobs that no thread has taken yet.
  size_t queued() const;
  // Jobs that threads are at.
  size_t running() const;

  // From the call until a thread takes the job, and from there to its end, of
  // every job that has run so far.
  LatencyHistogram::Snapshot wait_times() const;
  LatencyHistogram::Snapshot run_times() const;

 private:
  template <typename F>
  class Call;

  std::shared_ptr<Impl> impl_;
};

template <typename F>
class WorkerPool::Call final : public Job {
 public:
  using R = std::invoke_result_t<F&>;

  explicit Call(F f) : f_(std::move(f)) {}

  Promise<R> promise() const { return result_.promise(); }

  void Execute() override {
    try {
      if constexpr (std::is_void_v<R>) {
        f_();
      } else {
        value_.emplace(f_());
      }
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  void Refuse(const absl::Status& reason) override { result_.Reject(reason); }

  void Complete() override {
    if (error_ != nullptr) {
      result_.Reject(std::move(error_));
    } else if constexpr (std::is_void_v<R>) {
      result_.Resolve();
    } else {
      result_.Resolve(*std::move(value_));
    }
  }

 private:
  struct Nothing {};

  F f_;
  Deferred<R> result_;
  std::exception_ptr error_;
  std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>> value_;
};

template <typename F>
Promise<std::invoke_result_t<F&>> WorkerPool::Run(F f, AbortSignal signal) {
  auto call = std::make_unique<Call<F>>(std::move(f));
  Promise<std::invoke_result_t<F&>> promise = call->promise();
  Submit(std::move(call), std::move(signal));
  return promise;
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_WORKER_POOL_H_
