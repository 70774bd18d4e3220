// How long listeners take, told to whoever wants to know.
//
// An observer is asked once for each listener that is added and gives a probe;
// an emitter without an observer adds its listeners bare and pays nothing.
// What is measured is the time in which the listener held its thread: of an
// asynchronous one, the part up to its first wait.
#ifndef MILLRACE_EVENTS_EMITTER_OBSERVER_H_
#define MILLRACE_EVENTS_EMITTER_OBSERVER_H_

#include <memory>
#include <string_view>

#include "absl/time/time.h"

namespace millrace {

// When a listener is called.
enum class Dispatch {
  kSync,       // inside Emit(), as in Node
  kNextTick,   // with a copy of the payload, as the ones below
  kImmediate,  // in the check phase
  kWorker,     // on a thread of the loop's pool; must be thread-safe
};

// Views that hold for the call they are given to.
struct ListenerInfo {
  std::string_view emitter;   // EmitterOptions::name
  std::string_view event;     // the tag's kName
  std::string_view listener;  // ListenOptions::name
  Dispatch dispatch;
  absl::Duration budget;
};

// One listener's. Called on the thread that the listener ran on, which is one
// of the pool's for Dispatch::kWorker, several at once. Must not throw.
class ListenerProbe {
 public:
  virtual ~ListenerProbe() = default;
  // After each call, also one that threw.
  virtual void OnListenerDone(absl::Duration took) = 0;
  // After OnListenerDone() when `took` is more than the budget.
  virtual void OnOverBudget(absl::Duration took) = 0;
};

class EmitterObserver {
 public:
  virtual ~EmitterObserver() = default;
  // On the loop's thread. Null: this listener is not measured. The probe lives
  // as long as the listener and its calls, which may outlive the emitter.
  virtual std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) = 0;
};

}  // namespace millrace

#endif  // MILLRACE_EVENTS_EMITTER_OBSERVER_H_
