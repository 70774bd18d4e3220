// The loop's timers, in Node's order: one FIFO list per duration, and a heap
// of the lists by expiry. Private to loop.
//
// The alarm is when the loop must look at the timers next; it may be early.
#ifndef MILLRACE_LOOP_TIMER_QUEUE_H_
#define MILLRACE_LOOP_TIMER_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "base/histogram.h"
#include "loop/activity.h"
#include "loop/block_pool.h"
#include "loop/node_pool.h"
#include "loop/pulse.h"
#include "loop/task.h"

namespace millrace::loop_internal {

class TimerQueue;

// In a ring of a list and the timers that wait in it.
struct TimerLink {
  TimerLink* next = nullptr;
  TimerLink* prev = nullptr;
};

// One line of the cache: a million timers are walked through at the speed of
// memory.
struct alignas(64) TimerNode : TimerLink {
  // In a list; else the links are null.
  bool waiting() const { return prev != nullptr; }

  int64_t start : 56 = 0;
  bool repeats : 1 = false;
  bool refed : 1 = true;
  bool destroyed : 1 = true;  // neither waiting nor running
  bool running : 1 = false;
  int32_t timeout = -1;  // milliseconds; -1 when cleared
  uint32_t refs = 0;     // handles, and the callback while it runs
  Task task;
  ActivityRef activity;  // kept as long as the task
};
static_assert(sizeof(TimerNode) <= 64);

struct TimerList : TimerLink, Pooled {
  TimerList() { next = prev = this; }
  bool empty() const { return next == this; }
  TimerNode* front() const { return static_cast<TimerNode*>(next); }

  int64_t expiry = 0;
  uint64_t id = 0;
  int32_t ms = 0;
  size_t heap_index = 0;
  bool removed = false;  // no longer in the heap, but being run
};

class TimerQueue {
  using Pool = NodePool<TimerNode, TimerQueue>;

 public:
  // `drain` drains the queues between two timers, false when it threw;
  // `report` is given what a timer threw.
  struct Hooks {
    absl::AnyInvocable<bool()> drain;
    absl::AnyInvocable<void(std::exception_ptr)> report;
    Pulse* pulse;
  };
  explicit TimerQueue(Hooks hooks);
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Destroys what waits, without running it.
  void DropAll();

  TimerNode* Start(int64_t ms, bool repeats, Task&& task);
  void Clear(TimerNode* node);
  void SetRef(TimerNode* node, bool ref);
  void Refresh(TimerNode* node);
  static void Release(TimerNode* node);
  // The queue of a node; null when it is gone.
  static TimerQueue* Of(const TimerNode* node) { return Pool::OwnerOf(node); }

  // Tells by how much each timer fires late.
  void MeasureLateness(LatencyHistogram* late) { late_ = late; }

  // Goes by `ms` instead of the monotonic clock; null for that again. Not
  // owned. Before the first timer is started.
  void FollowClock(const int64_t* ms) {
    followed_ = ms;
    UpdateTime();
  }

  int64_t UpdateTime();
  int64_t now() const { return now_; }
  // The milliseconds until the alarm; -1 when there is none.
  int64_t UntilAlarm() const;
  bool refed() const { return ref_count_ > 0; }
  // Calls f(milliseconds, timers, those of them that are ref'd).
  void ForEachList(absl::FunctionRef<void(int32_t, int64_t, int64_t)> f) const;
  // RunDue() has something to look at.
  bool due() const { return alarm_ >= 0 && alarm_ <= now_; }

  // The timers phase, without the drain after the last one: true when a pass
  // was made, so that the caller drains and asks again.
  bool RunDue();

 private:
  static constexpr size_t kRecent = 1024;
  TimerList*& Recent(int32_t ms) { return recent_[ms % kRecent]; }

  // Returns false when something threw; then the pass is to be made again.
  bool Pass(int64_t now);
  bool RunList(TimerList* list, int64_t now);
  bool RunTimer(TimerNode* node);
  void Insert(TimerNode* node, int64_t start);
  static void Drop(TimerNode* node);
  // Returns the list when it is empty now, else null.
  static TimerList* Unlink(TimerNode* node);
  TimerList* ListFor(int32_t ms, int64_t start);
  void RemoveList(TimerList* list);
  void SetAlarm(int64_t ms) { alarm_ = now_ + ms; }
  static bool Before(const TimerList* a, const TimerList* b);
  void SiftUp(size_t index);
  void SiftDown(size_t index);

  Hooks hooks_;
  LatencyHistogram* late_ = nullptr;
  Pool* const pool_;
  absl::flat_hash_map<int32_t, std::unique_ptr<TimerList>> lists_;
  std::vector<TimerList*> heap_;
  std::array<TimerList*, kRecent> recent_{};  // spares the hash map
  // The list that RunList() or DropAll() goes through.
  TimerList* running_ = nullptr;
  std::unique_ptr<TimerList> running_removed_;
  uint64_t next_id_ = 0;
  const int64_t* followed_ = nullptr;
  int64_t ref_count_ = 0;
  int64_t now_ = 0;
  int64_t next_expiry_;
  int64_t alarm_ = -1;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_TIMER_QUEUE_H_
