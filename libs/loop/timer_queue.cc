#include "loop/timer_queue.h"

#include <time.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "loop/timer.h"

namespace millrace::loop_internal {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxTimeout = std::numeric_limits<int32_t>::max();

// What the callback owns may hold handles of this very timer: the caller has a
// reference of its own.
void DropTask(TimerNode* node) {
  node->task = nullptr;
  node->activity = ActivityRef();
}

}  // namespace

TimerQueue::TimerQueue(Hooks hooks)
    : hooks_(std::move(hooks)), pool_(new Pool(this)), next_expiry_(kNever) {
  UpdateTime();
}

TimerQueue::~TimerQueue() {
  DropAll();
  pool_->Orphan();
}

void TimerQueue::DropAll() {
  while (!heap_.empty()) {
    TimerList* list = heap_.front();
    // What a task owns may clear timers of this list: it is kept meanwhile.
    running_ = list;
    while (!list->empty()) {
      TimerNode* const node = list->front();
      Unlink(node);
      node->destroyed = true;
      if (node->refed) --ref_count_;
      ++node->refs;
      DropTask(node);  // now, not when the last handle goes
      Release(node);
    }
    running_ = nullptr;
    if (!list->removed) RemoveList(list);
    running_removed_.reset();
  }
}

int64_t TimerQueue::UpdateTime() {
  if (followed_ != nullptr) [[unlikely]]
    return now_ = *followed_;
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  now_ = int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
  return now_;
}

int64_t TimerQueue::UntilAlarm() const {
  if (alarm_ < 0 || heap_.empty()) return -1;
  return std::max<int64_t>(alarm_ - now_, 0);
}

void TimerQueue::ForEachList(
    absl::FunctionRef<void(int32_t, int64_t, int64_t)> f) const {
  for (const TimerList* list : heap_) {
    int64_t count = 0, refed = 0;
    for (const TimerLink* link = list->next; link != list; link = link->next) {
      ++count;
      if (static_cast<const TimerNode*>(link)->refed) ++refed;
    }
    f(list->ms, count, refed);
  }
}

TimerNode* TimerQueue::Start(int64_t ms, bool repeats, Task&& task) {
  if (ms < 1 || ms > kMaxTimeout) ms = 1;
  TimerNode* node = pool_->Make();
  node->prev = nullptr;
  node->timeout = static_cast<int32_t>(ms);
  node->refs = 1;
  node->repeats = repeats;
  node->refed = true;
  node->destroyed = false;
  node->task = std::move(task);
  node->activity = ActivityRef::Current();
  ++ref_count_;
  Insert(node, UpdateTime());
  return node;
}

void TimerQueue::Insert(TimerNode* node, int64_t start) {
  if (node->waiting()) Unlink(node);
  node->start = start;
  TimerList* const list = ListFor(node->timeout, start);
  node->next = list;
  node->prev = list->prev;
  list->prev->next = node;
  list->prev = node;
}

TimerList* TimerQueue::Unlink(TimerNode* node) {
  TimerLink* const next = std::exchange(node->next, nullptr);
  TimerLink* const prev = std::exchange(node->prev, nullptr);
  prev->next = next;
  next->prev = prev;
  return next == prev ? static_cast<TimerList*>(next) : nullptr;
}

TimerList* TimerQueue::ListFor(int32_t ms, int64_t start) {
  TimerList*& recent = Recent(ms);
  if (recent != nullptr && recent->ms == ms) return recent;
  std::unique_ptr<TimerList>& slot = lists_[ms];
  if (slot == nullptr) {
    slot = std::make_unique<TimerList>();
    slot->ms = ms;
    slot->expiry = start + ms;
    slot->id = next_id_++;
    slot->heap_index = heap_.size();
    heap_.push_back(slot.get());
    SiftUp(slot->heap_index);
    if (next_expiry_ > slot->expiry) {
      SetAlarm(ms);
      next_expiry_ = slot->expiry;
    }
  }
  recent = slot.get();
  return recent;
}

void TimerQueue::RemoveList(TimerList* list) {
  const size_t index = list->heap_index;
  TimerList* last = heap_.back();
  heap_.pop_back();
  if (last != list) {
    heap_[index] = last;
    last->heap_index = index;
    SiftUp(index);
    SiftDown(last->heap_index);
  }
  if (Recent(list->ms) == list) Recent(list->ms) = nullptr;
  auto it = lists_.find(list->ms);
  if (list == running_) {
    list->removed = true;
    running_removed_ = std::move(it->second);
  }
  lists_.erase(it);
}

void TimerQueue::Clear(TimerNode* node) {
  if (node->destroyed) {
    // As in Node: one that has fired can be started again, to do nothing.
    if (!node->running) Drop(node);
    return;
  }
  if (!node->task) return;
  node->destroyed = true;
  const bool waited = node->waiting();
  TimerList* emptied = waited ? Unlink(node) : nullptr;
  if (node->refed) {
    --ref_count_;
    // As in Node: only a ref'd timer takes its empty list along.
    if (!waited) {
      const auto it = lists_.find(node->timeout);
      if (it != lists_.end() && it->second->empty()) emptied = it->second.get();
    }
    if (emptied != nullptr && !emptied->removed) RemoveList(emptied);
  }
  node->timeout = -1;
  if (!node->running) Drop(node);  // else its callback is on the stack
}

void TimerQueue::Drop(TimerNode* node) {
  ++node->refs;
  DropTask(node);
  Release(node);
}

void TimerQueue::SetRef(TimerNode* node, bool ref) {
  if (node->refed == ref) return;
  node->refed = ref;
  if (!node->destroyed) ref_count_ += ref ? 1 : -1;
}

void TimerQueue::Refresh(TimerNode* node) {
  if (node->timeout < 0) return;
  Insert(node, UpdateTime());
  if (node->destroyed) {
    node->destroyed = false;
    if (node->refed) ++ref_count_;
  }
}

void TimerQueue::Release(TimerNode* node) {
  if (--node->refs > 0 || !node->destroyed) return;
  if (node->task) return Drop(node);  // fired, and never cleared
  Pool::Free(node);
}

bool TimerQueue::RunDue() {
  if (!due()) return false;
  alarm_ = -1;
  const int64_t now = UpdateTime();
  while (!Pass(now)) {
  }
  if (heap_.empty()) return true;
  next_expiry_ = heap_.front()->expiry;
  SetAlarm(std::max<int64_t>(next_expiry_ - now_, 1));
  return true;
}

bool TimerQueue::Pass(int64_t now) {
  next_expiry_ = kNever;
  bool ran = false;
  while (!heap_.empty() && heap_.front()->expiry <= now) {
    TimerList* list = heap_.front();
    if (ran) {
      // The drain may take the list away; it was chosen before, as in Node.
      running_ = list;
      const bool drained = hooks_.drain();
      running_ = nullptr;
      if (!drained) {
        running_removed_.reset();
        return false;
      }
    }
    ran = true;
    running_ = list;
    const bool finished = RunList(list, now);
    running_ = nullptr;
    running_removed_.reset();
    if (!finished) return false;
  }
  return true;
}

bool TimerQueue::RunList(TimerList* list, int64_t now) {
  bool ran = false;
  while (!list->empty()) {
    TimerNode* const node = list->front();
    if (now - node->start < list->ms) {
      list->expiry = std::max(node->start + list->ms, now + 1);
      list->id = next_id_++;
      if (!list->removed) SiftDown(list->heap_index);
      return true;
    }
    if (ran) {
      // The timer was taken before the drain, as in Node: one that the drain
      // clears is skipped, one that it refreshes runs nevertheless.
      ++node->refs;
      const bool drained = hooks_.drain();
      const bool cleared = node->destroyed;
      Release(node);
      if (!drained) return false;
      if (cleared) continue;
    }
    ran = true;
    if (!RunTimer(node)) return false;
  }
  if (!list->removed) RemoveList(list);
  return true;
}

bool TimerQueue::RunTimer(TimerNode* node) {
  Unlink(node);
  ++node->refs;
  if (!node->task) {  // was cleared after it had fired, then refreshed
    node->destroyed = true;
    if (node->refed) --ref_count_;
    Release(node);
    return true;
  }
  node->running = true;
  if (late_ != nullptr) {
    late_->Record((now_ - node->start - node->timeout) * 1'000'000);
  }
  const int64_t start = node->repeats ? UpdateTime() : 0;
  bool threw = false;
  std::exception_ptr error;
  hooks_.pulse->Begin("timer");
  EnterActivity(node->activity.get());
  try {
    node->task();
  } catch (...) {
    threw = true;
    error = std::current_exception();
  }
  LeaveActivity();
  node->running = false;
  if (node->repeats && node->timeout >= 0) {
    Insert(node, start);
  } else if (!node->waiting() && !node->destroyed) {
    node->destroyed = true;
    if (node->refed) --ref_count_;
  }
  if (node->timeout < 0) DropTask(node);
  Release(node);
  if (threw) hooks_.report(std::move(error));
  return !threw;
}

bool TimerQueue::Before(const TimerList* a, const TimerList* b) {
  return a->expiry != b->expiry ? a->expiry < b->expiry : a->id < b->id;
}

void TimerQueue::SiftUp(size_t index) {
  TimerList* list = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (!Before(list, heap_[parent])) break;
    heap_[index] = heap_[parent];
    heap_[index]->heap_index = index;
    index = parent;
  }
  heap_[index] = list;
  list->heap_index = index;
}

void TimerQueue::SiftDown(size_t index) {
  TimerList* list = heap_[index];
  while (true) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) {
      ++child;
    }
    if (!Before(heap_[child], list)) break;
    heap_[index] = heap_[child];
    heap_[index]->heap_index = index;
    index = child;
  }
  heap_[index] = list;
  list->heap_index = index;
}

}  // namespace millrace::loop_internal

namespace millrace {

using loop_internal::TimerQueue;

namespace {

TimerQueue* QueueOf(const loop_internal::TimerNode* node) {
  return node != nullptr ? TimerQueue::Of(node) : nullptr;
}

}  // namespace

Timer::Timer(const Timer& other) : node_(other.node_) {
  if (node_ != nullptr) ++node_->refs;
}

void Timer::Release(loop_internal::TimerNode* node) {
  TimerQueue::Release(node);
}

bool Timer::active() const { return node_ != nullptr && !node_->destroyed; }

bool Timer::has_ref() const { return active() && node_->refed; }

void Timer::Clear() {
  if (TimerQueue* const queue = QueueOf(node_)) queue->Clear(node_);
}

void Timer::Ref() {
  if (TimerQueue* const queue = QueueOf(node_)) queue->SetRef(node_, true);
}

void Timer::Unref() {
  if (TimerQueue* const queue = QueueOf(node_)) queue->SetRef(node_, false);
}

void Timer::Refresh() {
  if (TimerQueue* const queue = QueueOf(node_)) queue->Refresh(node_);
}

}  // namespace millrace
