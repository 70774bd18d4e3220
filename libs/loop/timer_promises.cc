#include "loop/timer_promises.h"

#include "loop/microtasks.h"
#include "loop/wait_note.h"

namespace millrace {
namespace loop_internal {
namespace {

EventLoop& Loop() {
  EventLoop* const loop = EventLoop::Current();
  if (loop == nullptr) Fatal("a wait was begun on a thread without EventLoop");
  return *loop;
}

// `start` makes a timer or an immediate of a task.
template <typename Start>
void Begin(const WaitOptions& options, Task resolve, AbortHandler reject,
           Start start) {
  const AbortSignal& signal = options.signal;
  if (signal.aborted()) return reject(signal.reason());
  // Whichever comes first takes the other away: the task and the listener
  // hold each other until then.
  auto subscription = std::make_shared<AbortSubscription>();
  auto handle = start([subscription, resolve = std::move(resolve)]() mutable {
    subscription->Remove();
    resolve();
  });
  if (!options.ref) handle.Unref();
  *subscription = signal.OnAbortReason(
      [handle, reject = std::move(reject)](const absl::Status& reason) mutable {
        handle.Clear();
        reject(reason);
      });
}

}  // namespace

void BeginTimeout(absl::Duration delay, const WaitOptions& options,
                  Task resolve, AbortHandler reject) {
  if (auto note = NoteTimer(delay)) {
    resolve = [resolve = std::move(resolve), note = std::move(note)]() mutable {
      resolve();
    };
  }
  Begin(options, std::move(resolve), std::move(reject), [delay](Task task) {
    return Loop().SetTimeout(delay, std::move(task));
  });
}

void BeginImmediate(const WaitOptions& options, Task resolve,
                    AbortHandler reject) {
  Begin(options, std::move(resolve), std::move(reject),
        [](Task task) { return Loop().SetImmediate(std::move(task)); });
}

}  // namespace loop_internal

Promise<void> Wait(absl::Duration delay, WaitOptions options) {
  const Deferred<void> result;
  loop_internal::BeginTimeout(
      delay, options, [result] { result.Resolve(); },
      [result](const absl::Status& reason) { result.Reject(reason); });
  return result.promise();
}

Promise<void> Yield(WaitOptions options) {
  const Deferred<void> result;
  loop_internal::BeginImmediate(
      options, [result] { result.Resolve(); },
      [result](const absl::Status& reason) { result.Reject(reason); });
  return result.promise();
}

}  // namespace millrace
