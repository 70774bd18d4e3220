// A group of asynchronous work that ends together: no child outlives Join().
//
// The first child that fails aborts the group's signal, and its error is what
// Join() rejects with, once all children have settled. The same for Abort().
// Children see the signal and end by themselves; nothing is killed. Copies
// share one group; loop-bound. A group that is dropped unjoined lets its
// children finish, and a failure of theirs is reported as unhandled.
#ifndef MILLRACE_LOOP_TASK_GROUP_H_
#define MILLRACE_LOOP_TASK_GROUP_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "loop/abort.h"
#include "loop/promise.h"

namespace millrace {

class TaskGroup {
 public:
  TaskGroup();
  // Aborted as well when `parent` is.
  explicit TaskGroup(const AbortSignal& parent);

  AbortSignal signal() const;
  void Spawn(Promise<void> child) const;
  void Abort(absl::Status reason = absl::CancelledError("aborted")) const;
  size_t running() const;

  // Settles when no child is left. Children may be added until then; with
  // none, it resolves at once. Call once.
  Promise<void> Join() const;

 private:
  class Core;

  std::shared_ptr<Core> core_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_TASK_GROUP_H_
