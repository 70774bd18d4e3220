// Where other threads leave tasks for a loop. Any thread; shared, so that a
// sender may outlive the loop: what it leaves then is dropped. Private to loop.
#ifndef MILLRACE_LOOP_MAILBOX_H_
#define MILLRACE_LOOP_MAILBOX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "loop/activity.h"
#include "loop/task.h"

namespace millrace::loop_internal {

class Mailbox {
 public:
  struct Item {
    Item(Task&& t, ActivityRef&& a)
        : task(std::move(t)), activity(std::move(a)) {}

    Task task;
    ActivityRef activity;  // of a sender on the loop's own thread
  };

  // `wake` ends the loop's sleep; called on any thread, under the lock.
  explicit Mailbox(Task wake);

  // False, and `task` is left alone, when the loop is gone.
  bool Send(Task&& task, ActivityRef activity = {});

  // The loop's side. A sleep begins only when nothing has arrived; in it, the
  // first task wakes the loop, once.
  // The time of the first Send() since the last TakeAll() is kept from now on.
  void MeasureWait();

  bool BeginSleep();
  void EndSleep();
  bool empty() const { return !filled_.load(std::memory_order_acquire); }
  // Returns when the first of them was sent, in MonotonicNs(); 0 when that is
  // not measured.
  int64_t TakeAll(std::vector<Item>* items);
  size_t size() const;
  void Close();
  // Replaces how the loop is woken.
  void SetWake(Task wake);

 private:
  mutable std::mutex mutex_;
  std::vector<Item> items_;
  Task wake_;
  bool sleeping_ = false;
  bool closed_ = false;
  bool measuring_ = false;
  int64_t first_sent_ = 0;
  std::atomic<bool> filled_{false};
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_MAILBOX_H_
