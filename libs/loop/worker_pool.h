// Threads for work that blocks or computes.
//
// Run(f) is called on a loop's thread; f runs on a thread of the pool, in the
// order of the calls, and the promise settles on the calling loop, in its poll
// phase: with what f returns, or with what it throws. f and its result are
// destroyed on the loop's thread, or with the pool when the loop is gone by
// then. Several loops may share a pool. A job keeps its loop running.
//
// The destructor waits until everything that was queued has run.
#ifndef MILLRACE_LOOP_WORKER_POOL_H_
#define MILLRACE_LOOP_WORKER_POOL_H_

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "loop/promise.h"
#include "loop/task.h"

namespace millrace {

class WorkerPool {
 public:
  struct Options {
    int threads = 4;
    std::string name = "worker";  // of the threads, as debuggers show them
  };

  // A job as the pool sees it: Execute() on a pool thread, then Complete() and
  // the destructor on the loop's.
  class Job {
   public:
    virtual ~Job() = default;
    virtual void Execute() = 0;
    virtual void Complete() = 0;
  };

  explicit WorkerPool(Options options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  template <typename F>
  Promise<std::invoke_result_t<F&>> Run(F f);

  // What Run() is made of. Loop thread.
  void Submit(std::unique_ptr<Job> job);

  int threads() const;
  // Jobs that no thread has taken yet.
  size_t queued() const;

 private:
  class Impl;

  template <typename F>
  class Call;

  std::unique_ptr<Impl> impl_;
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
Promise<std::invoke_result_t<F&>> WorkerPool::Run(F f) {
  auto call = std::make_unique<Call<F>>(std::move(f));
  Promise<std::invoke_result_t<F&>> promise = call->promise();
  Submit(std::move(call));
  return promise;
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_WORKER_POOL_H_
