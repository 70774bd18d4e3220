// Waiting for events: Once() as a promise, and Events(). Part of
// events/event_emitter.h.
#ifndef MILLRACE_EVENTS_EMITTER_AWAIT_H_
#define MILLRACE_EVENTS_EMITTER_AWAIT_H_

#include "base/status.h"
#include "events/event_emitter.h"
#include "events/event_stream.h"

namespace millrace {

template <typename Contract>
template <typename E>
Promise<typename E::Payload> EventEmitter<Contract>::Once(AbortSignal signal) {
  using Payload = typename E::Payload;
  Deferred<Payload> first;
  Promise<Payload> promise = first.promise();
  if (signal.aborted()) {
    first.Reject(signal.reason());
    return promise;
  }
  // Whatever comes first ends the others.
  AbortController done;
  // Whoever is told of the new listener may destroy the emitter.
  const auto access = access_;
  const ListenOptions until{.signal = done.signal()};
  // The listener has it, so that it goes with the emitter.
  auto subscription = std::make_shared<AbortSubscription>(
      signal.OnAbortReason([first, done](const absl::Status& reason) {
        done.Abort();
        first.Reject(reason);
      }));
  On<E>(
      [first, done, subscription](const Payload& payload) {
        done.Abort();
        first.Resolve(payload);
      },
      until);
  if constexpr (!std::is_same_v<E, ErrorEvent>) {
    if (access->core != nullptr) {
      On<ErrorEvent>(
          [first, done](const std::exception_ptr& error) {
            done.Abort();
            first.Reject(error);
          },
          until);
    }
  }
  // One microtask more than a promise of our own, as events.once() takes.
  Deferred<Payload> result;
  result.Resolve(std::move(promise));
  return result.promise();
}

template <typename Contract>
template <typename E, typename... Close>
Stream<typename E::Payload> EventEmitter<Contract>::Events(
    EventStreamOptions options) {
  using Payload = typename E::Payload;
  using events_internal::EventBuffer;
  AssertThread();
  const AbortSignal signal = options.signal;
  auto buffer = std::make_shared<EventBuffer<Payload>>(std::move(options));
  if (signal.aborted()) {
    buffer->End(signal.reason());
  } else {
    auto feed =
        std::make_shared<events_internal::EventFeed<Payload>>(buffer, signal);
    const ListenOptions until{.signal = buffer->ended()};
    // Whoever is told of the new listener may destroy the emitter.
    const auto there = [access = access_] { return access->core != nullptr; };
    On<E>(
        [feed = std::move(feed)](const Payload& payload) {
          // The listener may be removed, and the feed with it, meanwhile.
          const auto target = feed->buffer;
          target->Push(payload);
        },
        until);
    if constexpr (!std::is_same_v<E, ErrorEvent>) {
      if (there()) {
        On<ErrorEvent>(
            [buffer](const std::exception_ptr& error) {
              buffer->End(events_internal::ErrorStatus(error));
            },
            until);
      }
    }
    const auto end = [buffer] { buffer->End(absl::OkStatus()); };
    ((there() ? void(On<Close>(end, until)) : void()), ...);
  }
  return Stream<Payload>(
      std::make_unique<events_internal::EventSource<Payload>>(
          std::move(buffer)));
}

}  // namespace millrace

#endif  // MILLRACE_EVENTS_EMITTER_AWAIT_H_
