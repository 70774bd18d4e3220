// What emitters, listeners and streams of events can be told.
//
// Node has mutable process-wide defaults for the first two fields of
// EmitterOptions. Here a default that is not the constant below is a value of
// EmitterOptions that its owner hands to the emitters it makes: nobody changes
// the emitters of others, and loops on several threads share nothing.
#ifndef MILLRACE_EVENTS_EMITTER_OPTIONS_H_
#define MILLRACE_EVENTS_EMITTER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "events/emitter_observer.h"
#include "loop/abort.h"

namespace millrace {

// Node's EventEmitter.defaultMaxListeners.
inline constexpr size_t kDefaultMaxListeners = 10;

struct EmitterOptions {
  // More listeners of one event than this are reported once; 0 is no limit.
  size_t max_listeners = kDefaultMaxListeners;
  // A rejection of an asynchronous listener is an ErrorEvent, or goes to
  // OnRejection(), instead of being unhandled.
  bool capture_rejections = false;
  // For reports; the contract's kName unless given.
  std::string name;
  // Is told of emits and measures the listeners that are added. Not owned;
  // outlives the emitter.
  EmitterObserver* observer = nullptr;
  // What a listener may take before the observer is told that it took more.
  absl::Duration budget = absl::InfiniteDuration();
};

struct ListenOptions {
  Dispatch dispatch = Dispatch::kSync;
  // When it aborts, the listener is removed, and calls that are scheduled but
  // have not begun are dropped.
  AbortSignal signal;
  // For reports; several listeners may have the same.
  std::string name;
  // Instead of the emitter's; not positive: the emitter's.
  absl::Duration budget;
};

// What a stream does with an event when it has `limit` unread ones already.
enum class Overflow {
  kFail,        // it ends with RESOURCE_EXHAUSTED after the unread ones
  kDropOldest,  // the one that waited longest is lost
  kDropNewest,  // this one is lost
};

struct EventStreamOptions {
  // The stream fails with its reason when it aborts.
  AbortSignal signal;
  size_t limit = 1024;  // at least 1
  Overflow overflow = Overflow::kFail;
  // Called with the number of events lost so far, after each loss.
  std::function<void(uint64_t)> on_lost;
  // For events of what can be held back: `pause` is called when more than
  // high_water events are unread, `resume` when they are fewer than low_water
  // after that, and when the stream ends meanwhile. Events that come in spite
  // of the pause count towards the limit.
  std::function<void()> pause;
  std::function<void()> resume;
  size_t high_water = 64;
  size_t low_water = 1;
};

}  // namespace millrace

#endif  // MILLRACE_EVENTS_EMITTER_OPTIONS_H_
