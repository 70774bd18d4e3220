// The coroutines of a loop that wait, while they are listed
// (live_coroutines.h). Private to loop; on the loop's thread only.
#ifndef MILLRACE_LOOP_COROUTINE_WAITS_H_
#define MILLRACE_LOOP_COROUTINE_WAITS_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "loop/activity.h"
#include "loop/promise_state.h"

namespace millrace::loop_internal {

class CoroutineWaits {
 public:
  struct Wait {
    void* frame;               // of the coroutine
    const StateBase* awaited;  // which its awaiter keeps
    ActivityRef activity;
    int64_t since;  // in nanoseconds of the monotonic clock
  };

  CoroutineWaits();
  ~CoroutineWaits();
  CoroutineWaits(const CoroutineWaits&) = delete;
  CoroutineWaits& operator=(const CoroutineWaits&) = delete;

  void Add(const Reaction* awaiter, Wait wait) {
    waits_.insert_or_assign(awaiter, std::move(wait));
  }
  // Fine for one of a list that was dropped meanwhile.
  void Remove(const Reaction* awaiter) { waits_.erase(awaiter); }

  const absl::flat_hash_map<const Reaction*, Wait>& all() const {
    return waits_;
  }

 private:
  absl::flat_hash_map<const Reaction*, Wait> waits_;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_COROUTINE_WAITS_H_
