// What signals and their controller share. Private to loop.
//
// A combined signal is a dependent of the signals it was made of: they are
// flattened, so that it depends on plain ones and timeouts only and all
// dependents are one step away. As in the DOM, an abort marks every dependent
// first and calls listeners afterwards.
//
// Who keeps whom: a source keeps a dependent while that has listeners, the task
// of a timeout's timer keeps the timeout while that has listeners or
// dependents. Nothing points the other way, so nothing is kept for ever.
#ifndef MILLRACE_LOOP_ABORT_STATE_H_
#define MILLRACE_LOOP_ABORT_STATE_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "loop/abort.h"
#include "loop/timer.h"

namespace millrace::loop_internal {

// A link of one of a state's lists: a listener, or a dependent signal. The list
// owns it; a subscription shares it.
struct AbortListener {
  AbortHandler handler;
  bool is_dependent = false;
  std::weak_ptr<AbortState> dependent;
  std::shared_ptr<AbortState> kept;  // the dependent, while it has listeners
  AbortState* state = nullptr;       // null once it is off the list
  AbortListener* prev = nullptr;
  std::shared_ptr<AbortListener> next;
};

class AbortState : public std::enable_shared_from_this<AbortState> {
 public:
  // What the timer's task holds.
  struct Pin {
    std::weak_ptr<AbortState> state;
    std::shared_ptr<AbortState> kept;
  };

  AbortState() = default;
  ~AbortState();
  AbortState(const AbortState&) = delete;
  AbortState& operator=(const AbortState&) = delete;

  bool aborted() const { return !reason_.ok(); }
  const absl::Status& reason() const { return reason_; }

  void AddListener(std::shared_ptr<AbortListener> listener);
  // Takes a listener or a dependent off its list.
  void Remove(AbortListener* link);
  // Becomes a dependent of `source`, or of what that depends on.
  void Follow(const std::shared_ptr<AbortState>& source);
  // The caller keeps the state alive.
  void Abort(absl::Status reason);
  // Aborts when the time is up.
  void StartTimer(absl::Duration delay);

  size_t listener_count() const { return listeners_.size; }
  size_t max_listeners() const { return max_listeners_; }
  void SetMaxListeners(size_t max, AbortLeakHandler warn);

 private:
  struct List {
    void Add(std::shared_ptr<AbortListener> link);
    std::shared_ptr<AbortListener> Take(AbortListener* link);

    std::shared_ptr<AbortListener> first;
    AbortListener* last = nullptr;
    size_t size = 0;
  };
  struct Source {
    std::weak_ptr<AbortState> state;
    std::shared_ptr<AbortListener> link;  // in the source's dependents
  };

  void FollowOne(const std::shared_ptr<AbortState>& source);
  void Mark(const absl::Status& reason);
  void CallListeners();
  // After a change of the lists: whether this has to be kept alive.
  void UpdateKeepers();
  void CheckLeak();

  absl::Status reason_;
  List listeners_;
  List dependents_;
  std::vector<Source> sources_;
  bool kept_by_sources_ = false;
  Timer timer_;
  std::weak_ptr<Pin> pin_;
  size_t max_listeners_ = 0;
  bool warned_ = false;
  AbortLeakHandler warn_;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_ABORT_STATE_H_
