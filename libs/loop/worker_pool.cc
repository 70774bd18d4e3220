#include "loop/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/strings.h"
#include "loop/event_loop.h"
#include "loop/loop_impl.h"
#include "loop/mailbox.h"
#include "loop/wait_note.h"

namespace millrace {
namespace {

int64_t NowNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Of the jobs that this thread has given to pools on behalf of somebody.
std::unordered_map<const WorkerPool::Job*, WaitNote>& Notes() {
  static thread_local std::unordered_map<const WorkerPool::Job*, WaitNote>
      notes;
  return notes;
}

void NoteJob(const WorkerPool::Job* job, std::string_view pool) {
  if (Activity::Current() == nullptr) return;
  Notes().erase(job);  // of a loop that ended before its jobs did
  Notes().try_emplace(job, "pool", "a job of the pool '", StrCat(pool, "'"));
}

}  // namespace

using loop_internal::Mailbox;

// Shared with the abort handlers of its jobs only weakly.
class WorkerPool::Impl : public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(Options options)
      : name_(std::move(options.name)), max_queued_(options.max_queued) {
    const int count = std::max(options.threads, 1);
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] { Work(); });
      // The kernel keeps 15 characters.
      pthread_setname_np(threads_.back().native_handle(),
                         name_.substr(0, 15).c_str());
    }
  }

  void Submit(std::unique_ptr<Job> job, EventLoop& loop, AbortSignal signal) {
    if (signal.aborted()) return job->Refuse(signal.reason());
    job->mailbox_ = loop.impl().mailbox;
    job->abort_ = signal.OnAbortReason(
        [weak = weak_from_this(), job = job.get()](const absl::Status& reason) {
          if (const auto pool = weak.lock()) pool->TakeBack(job, reason);
        });
    job->signal_ = std::move(signal);
    job->submitted_ = NowNanoseconds();
    {
      std::lock_guard lock(mutex_);
      if (max_queued_ == 0 || queued_ < max_queued_) {
        loop.AddRef("worker job");
        NoteJob(job.get(), name_);
        Push(job.release());
        if (idle_ == 0) return;
      }
    }
    if (job == nullptr) return wake_.notify_one();
    job->Refuse(absl::ResourceExhaustedError(
        StrCat("the queue of the pool '", name_, "' is full: ", max_queued_,
               " jobs wait; try again later")));
  }

  // Ends the threads, once the queue is empty.
  void Join() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int threads() const { return static_cast<int>(threads_.size()); }

  size_t queued() {
    std::lock_guard lock(mutex_);
    return queued_;
  }

  size_t running() const { return running_.load(std::memory_order_relaxed); }

  LatencyHistogram wait_times;
  LatencyHistogram run_times;

 private:
  void Push(Job* job) {
    job->prev_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = job;
    last_ = job;
    job->queued_ = true;
    ++queued_;
  }

  std::unique_ptr<Job> Unlink(Job* job) {
    (job->prev_ != nullptr ? job->prev_->next_ : first_) = job->next_;
    (job->next_ != nullptr ? job->next_->prev_ : last_) = job->prev_;
    job->queued_ = false;
    --queued_;
    return std::unique_ptr<Job>(job);
  }

  // On the loop's thread, where a job that is not queued is not destroyed
  // before its subscription.
  void TakeBack(Job* job, const absl::Status& reason) {
    std::unique_ptr<Job> taken;
    {
      std::lock_guard lock(mutex_);
      if (!job->queued_) return;
      taken = Unlink(job);
    }
    EventLoop::Current()->ReleaseRef("worker job");
    Notes().erase(job);
    taken->Refuse(reason);
  }

  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (first_ != nullptr) {
        std::unique_ptr<Job> job = Unlink(first_);
        lock.unlock();
        Execute(std::move(job));
        lock.lock();
      } else if (ending_) {
        return;
      } else {
        ++idle_;
        wake_.wait(lock);
        --idle_;
      }
    }
  }

  void Execute(std::unique_ptr<Job> job) {
    const int64_t taken = NowNanoseconds();
    wait_times.Record(taken - job->submitted_);
    running_.fetch_add(1, std::memory_order_relaxed);
    job->Execute();
    // All figures before the loop is told, which may look at them.
    running_.fetch_sub(1, std::memory_order_relaxed);
    run_times.Record(NowNanoseconds() - taken);
    const std::shared_ptr<Mailbox> mailbox = std::move(job->mailbox_);
    Task complete = [job = std::move(job)] {
      job->abort_.Remove();
      // Before Complete(), so that a loop with nothing else can end.
      EventLoop::Current()->ReleaseRef("worker job");
      Notes().erase(job.get());
      job->Complete();
    };
    if (mailbox->Send(std::move(complete))) return;
    // The loop is gone: nobody wants the result, the pool destroys it.
    std::lock_guard lock(mutex_);
    orphans_.push_back(std::move(complete));
  }

  const std::string name_;
  const size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  size_t queued_ = 0;
  std::atomic<size_t> running_{0};
  int idle_ = 0;
  bool ending_ = false;
  std::vector<Task> orphans_;
  std::vector<std::thread> threads_;
};

WorkerPool::WorkerPool(Options options)
    : impl_(std::make_shared<Impl>(std::move(options))) {}

WorkerPool::~WorkerPool() { impl_->Join(); }

void WorkerPool::Submit(std::unique_ptr<Job> job, AbortSignal signal) {
  EventLoop* loop = EventLoop::Current();
  if (loop == nullptr) {
    loop_internal::Fatal(
        "WorkerPool::Run() was called on a thread that has no EventLoop");
  }
  impl_->Submit(std::move(job), *loop, std::move(signal));
}

int WorkerPool::threads() const { return impl_->threads(); }

size_t WorkerPool::queued() const { return impl_->queued(); }

size_t WorkerPool::running() const { return impl_->running(); }

LatencyHistogram::Snapshot WorkerPool::wait_times() const {
  return impl_->wait_times.snapshot();
}

LatencyHistogram::Snapshot WorkerPool::run_times() const {
  return impl_->run_times.snapshot();
}

}  // namespace millrace
