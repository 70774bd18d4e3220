// The activities that live, by the thread that made them: for whoever lists
// them, and for a signal handler that reports a crash. Private to loop.
//
// A thread's table is an open hash of addresses beside their trace ids. Its
// thread alone changes it; a signal handler on any thread may read the trace
// ids, which it finds without touching an activity. Tables and what they grew
// out of are kept, so that a handler can never read what is gone: a thread
// that ends leaves its table to one that begins.
#ifndef MILLRACE_LOOP_ACTIVITY_TABLE_H_
#define MILLRACE_LOOP_ACTIVITY_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "loop/activity.h"

namespace millrace::loop_internal {

class ActivityTable {
 public:
  // That of the calling thread, made at the first call.
  static ActivityTable& Mine();

  void Add(const Activity* activity, const Activity::TraceId& trace_id);
  // Nothing happens when it is not here: it was made on another thread.
  void Remove(const Activity* activity);

  // On the thread of the table.
  void ForEach(absl::FunctionRef<void(const Activity&)> take) const;
  size_t size() const { return size_; }

  // The trace ids of activities of all threads, without those that have none:
  // at most `room` of them are written to `out`. Returns how many there are.
  // Async-signal-safe.
  static size_t TraceIds(Activity::TraceId* out, size_t room);

 private:
  struct Slot {
    std::atomic<const Activity*> activity{nullptr};
    std::array<std::atomic<uint64_t>, 2> trace_id{};
  };
  struct Slots {
    Slots(size_t count, const Slots* grown_from);

    const size_t mask;  // of an index; the count is a power of two
    Slot* const slots;
    const Slots* const grown_from;  // half as many, or null
  };
  struct Lease;

  ActivityTable();

  static size_t Home(const Activity* activity, const Slots& slots);
  static void Put(Slots& slots, const Activity* activity,
                  const std::array<uint64_t, 2>& trace_id);
  void Grow();

  std::atomic<Slots*> slots_;
  size_t size_ = 0;
  std::atomic<bool> leased_{true};
  ActivityTable* next_ = nullptr;  // in the list of all, which only grows
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_ACTIVITY_TABLE_H_
