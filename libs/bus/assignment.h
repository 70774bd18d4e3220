// A partition while it is assigned to a subscription: its work, and how far
// it has come in being handed over. Loop thread only.
#ifndef MILLRACE_BUS_ASSIGNMENT_H_
#define MILLRACE_BUS_ASSIGNMENT_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bus/partition_work.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/timer.h"

namespace millrace::bus {

struct Assignment {
  explicit Assignment(AssignedPartition assigned,
                      std::shared_ptr<Budget> budget = nullptr)
      : work(std::move(assigned.id), std::move(assigned.finished),
             std::move(budget)) {}

  PartitionWork work;
  // Handlers and burials that run. Outlives the assignment when the time to
  // hand it over was too short for them.
  int working = 0;
  bool moved = false;        // has progress that is to be committed
  bool paused = false;       // at the transport, for backpressure
  bool leaving = false;      // to be handed over: nothing is retried any more
  bool gone = false;         // not ours any more: nothing is committed any more
  bool awaits_room = false;  // of the budget
  Timer patience;            // with keys that fill it up, while `paused`
  size_t slow_keys = 0;      // among which their part is shared; 0: none is
  int readers = 0;           // of keys that are read again
  AbortController retries;   // aborted when `leaving`
  // Made when `leaving`: resolves when nothing is left to finish.
  std::optional<Deferred<void>> idle;
  // The same partition as it was assigned to us before, while its handlers
  // run on: until they end, lanes of this one are `held` back, so that a key
  // is not worked on twice at once.
  std::shared_ptr<Assignment> before;
  std::vector<Lane*> held;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_ASSIGNMENT_H_
