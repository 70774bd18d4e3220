#include "loop/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "loop/event_loop.h"
#include "loop/loop_impl.h"
#include "loop/mailbox.h"

namespace millrace {

using loop_internal::Mailbox;

class WorkerPool::Impl {
 public:
  explicit Impl(Options options) {
    const int count = std::max(options.threads, 1);
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] { Work(); });
      // The kernel keeps 15 characters.
      pthread_setname_np(threads_.back().native_handle(),
                         options.name.substr(0, 15).c_str());
    }
  }

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void Submit(std::unique_ptr<Job> job, std::shared_ptr<Mailbox> mailbox) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back({std::move(job), std::move(mailbox)});
      if (idle_ == 0) return;
    }
    wake_.notify_one();
  }

  int threads() const { return static_cast<int>(threads_.size()); }

  size_t queued() {
    std::lock_guard lock(mutex_);
    return queue_.size();
  }

 private:
  struct Entry {
    std::unique_ptr<Job> job;
    std::shared_ptr<Mailbox> mailbox;
  };

  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!queue_.empty()) {
        Entry entry = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        entry.job->Execute();
        Finish(std::move(entry));
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

  void Finish(Entry entry) {
    Task complete = [job = std::move(entry.job)] {
      // Before Complete(), so that a loop with nothing else can end.
      EventLoop::Current()->ReleaseRef();
      job->Complete();
    };
    if (entry.mailbox->Send(std::move(complete))) return;
    // The loop is gone: nobody wants the result, the pool destroys it.
    std::lock_guard lock(mutex_);
    orphans_.push_back(std::move(complete));
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> queue_;
  int idle_ = 0;
  bool ending_ = false;
  std::vector<Task> orphans_;
  std::vector<std::thread> threads_;
};

WorkerPool::WorkerPool(Options options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

WorkerPool::~WorkerPool() = default;

void WorkerPool::Submit(std::unique_ptr<Job> job) {
  EventLoop* loop = EventLoop::Current();
  if (loop == nullptr) {
    loop_internal::Fatal(
        "WorkerPool::Run() was called on a thread that has no EventLoop");
  }
  loop->AddRef();
  impl_->Submit(std::move(job), loop->impl().mailbox);
}

int WorkerPool::threads() const { return impl_->threads(); }

size_t WorkerPool::queued() const { return impl_->queued(); }

}  // namespace millrace
