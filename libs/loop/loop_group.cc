#include "loop/loop_group.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"

namespace millrace {
namespace {

// Where the threads of a group wait for each other.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}

  void Wait() {
    std::unique_lock lock(mutex_);
    if (++arrived_ == threads_) {
      arrived_ = 0;
      ++phase_;
      changed_.notify_all();
      return;
    }
    const int phase = phase_;
    changed_.wait(lock, [&] { return phase_ != phase; });
  }

 private:
  const int threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  int phase_ = 0;
};

}  // namespace

class LoopGroup::Impl {
 public:
  Impl(EventLoop& first, Options options)
      : first_(first),
        options_(std::move(options)),
        members_(std::max(options_.loops, 1)),
        barrier_(size()) {}

  int size() const { return static_cast<int>(members_.size()); }
  const LoopRef& loop(int index) const { return members_[index].loop; }

  absl::Status Start(const StartFunction& start) {
    Make(first_, 0, start);
    // Without the first there is nothing to add others to.
    if (absl::Status status = members_[0].status; !status.ok()) return status;
    started_ = true;
    for (int i = 1; i < size(); ++i) {
      threads_.emplace_back([this, i, &start] { RunThread(i, start); });
    }
    barrier_.Wait();
    const absl::Status status = Outcome();
    if (!status.ok()) Join();
    return status;
  }

  void Stop() {
    for (int i = 1; i < size(); ++i) {
      members_[i].loop.Post([] { EventLoop::Current()->Stop(); });
    }
  }

  void Join() {
    if (!std::exchange(started_, false)) return;
    End(0);
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  struct Member {
    LoopRef loop;
    absl::Status status;
    std::shared_ptr<void> part;
  };

  void Make(EventLoop& loop, int index, const StartFunction& start) {
    Member& member = members_[index];
    member.loop = LoopRef(loop);
    try {
      auto part = start(loop, index);
      member.status = part.status();
      if (part.ok()) member.part = *std::move(part);
    } catch (...) {
      member.status = StatusFrom(std::current_exception());
    }
  }

  // What came of the starts, once all are over. Any thread of the group.
  absl::Status Outcome() const {
    for (const Member& member : members_) {
      if (!member.status.ok()) return member.status;
    }
    return absl::OkStatus();
  }

  void RunThread(int index, const StartFunction& start) {
    // The kernel keeps 15 characters.
    pthread_setname_np(pthread_self(),
                       StrCat(options_.name, "-", index).substr(0, 15).c_str());
    EventLoop loop;
    Make(loop, index, start);
    barrier_.Wait();
    if (Outcome().ok()) {
      loop.AddRef();
      loop.Run();
    }
    End(index);
  }

  // No part goes before every loop has stopped, no loop before every part.
  void End(int index) {
    barrier_.Wait();
    members_[index].part.reset();
    barrier_.Wait();
  }

  EventLoop& first_;
  const Options options_;
  std::vector<Member> members_;
  Barrier barrier_;
  bool started_ = false;
  std::vector<std::thread> threads_;
};

LoopGroup::LoopGroup(EventLoop& first, Options options)
    : impl_(std::make_unique<Impl>(first, std::move(options))) {
  first.AssertThread();
}

LoopGroup::~LoopGroup() {
  Stop();
  Join();
}

absl::Status LoopGroup::Start(const StartFunction& start) {
  return impl_->Start(start);
}

int LoopGroup::size() const { return impl_->size(); }

LoopRef LoopGroup::loop(int index) const { return impl_->loop(index); }

void LoopGroup::Stop() { impl_->Stop(); }

void LoopGroup::Join() { impl_->Join(); }

}  // namespace millrace
