// Emits and the calls of listeners, told to whoever wants to know: how long
// listeners take, and what emits lead to.
//
// An observer is told of each emit, and asked once for each listener that is
// added, which gives a probe; an emitter without an observer adds its listeners
// bare and pays nothing. What is measured is the time in which the listener
// held its thread: of an asynchronous one, the part up to its first wait.
//
// An emit and the call of a listener are followed when the observer has an
// activity for them (loop/activity.h): the listeners, or the one, run under it,
// and so does what they begin. A listener that is called later (kNextTick,
// kImmediate) has that of its emit around its own. One on a worker is never
// followed: activities belong to the loop's thread.
#ifndef MILLRACE_EVENTS_EMITTER_OBSERVER_H_
#define MILLRACE_EVENTS_EMITTER_OBSERVER_H_

#include <exception>
#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "loop/activity.h"

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

// How an emit or the call of a listener ended.
struct CallEnd {
  absl::Duration took;
  std::exception_ptr error;  // what it threw, or null
};

// One listener's. Called on the thread that the listener ran on, which is one
// of the pool's for Dispatch::kWorker, several at once. Must not throw.
class ListenerProbe {
 public:
  virtual ~ListenerProbe() = default;
  // Before each call. Null: it is not followed.
  virtual ActivityRef OnCall() { return {}; }
  // After each call, also one that threw.
  virtual void OnListenerDone(absl::Duration took) = 0;
  // After OnListenerDone() when `took` is more than the budget.
  virtual void OnOverBudget(absl::Duration took) = 0;
  // After these, of a call that was followed.
  virtual void OnCallEnded(const Activity& /*call*/, const CallEnd& /*end*/) {}
};

// All on the loop's thread.
class EmitterObserver {
 public:
  virtual ~EmitterObserver() = default;
  // Null: this listener is not measured. The probe lives as long as the
  // listener and its calls, which may outlive the emitter.
  virtual std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) = 0;

  // Before each emit, whether or not there are listeners; not of the events
  // newListener and removeListener that the emitter emits by itself. Null: it
  // is not followed. Neither of these two may throw or use the emitter.
  virtual ActivityRef OnEmit(std::string_view /*emitter*/,
                             std::string_view /*event*/) {
    return {};
  }
  // After an emit that was followed: its last listener has returned or is to be
  // called later, or one has thrown. The emitter may be gone.
  virtual void OnEmitEnded(std::string_view /*emitter*/,
                           std::string_view /*event*/, const Activity& /*emit*/,
                           const CallEnd& /*end*/) {}
};

}  // namespace millrace

#endif  // MILLRACE_EVENTS_EMITTER_OBSERVER_H_
