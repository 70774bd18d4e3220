// The events that every emitter has besides those of its contract.
//
// A contract is a type with a tag for each event and their number:
//
//   struct UserEvents {
//     struct Created {
//       using Payload = UserCreated;
//       static constexpr size_t kIndex = 0;
//       static constexpr std::string_view kName = "Created";
//     };
//     static constexpr size_t kEventCount = 1;
//   };
#ifndef MILLRACE_EVENTS_EVENT_TAGS_H_
#define MILLRACE_EVENTS_EVENT_TAGS_H_

#include <cstddef>
#include <exception>
#include <string_view>

#include "events/listener.h"

namespace millrace {

// Emitted without a listener, it throws.
struct ErrorEvent {
  using Payload = std::exception_ptr;
  static constexpr size_t kBuiltIn = 0;
  static constexpr std::string_view kName = "error";
};

// Sees every ErrorEvent before its listeners do, and handles none.
struct ErrorMonitor {
  using Payload = std::exception_ptr;
  static constexpr size_t kBuiltIn = 1;
  static constexpr std::string_view kName = "errorMonitor";
};

struct ListenerChange {
  std::string_view event;  // its kName

  // The listener, which is not valid unless the event is E.
  template <typename E>
  Listener<E> ListenerOf() const {
    return event == E::kName ? Listener<E>(node) : Listener<E>();
  }

  events_internal::NodeRef node;  // for the files of this module
};

// Before a listener is added.
struct NewListener {
  using Payload = ListenerChange;
  static constexpr size_t kBuiltIn = 2;
  static constexpr std::string_view kName = "newListener";
};

// After one has been removed.
struct RemoveListener {
  using Payload = ListenerChange;
  static constexpr size_t kBuiltIn = 3;
  static constexpr std::string_view kName = "removeListener";
};

namespace events_internal {

inline constexpr size_t kBuiltInCount = 4;

template <typename E>
concept BuiltIn = requires {
  E::kBuiltIn;
};

template <typename Contract, typename E>
constexpr size_t IndexOf() {
  if constexpr (BuiltIn<E>) {
    return Contract::kEventCount + E::kBuiltIn;
  } else {
    static_assert(E::kIndex < Contract::kEventCount,
                  "the event is not of this emitter's contract");
    return E::kIndex;
  }
}

}  // namespace events_internal
}  // namespace millrace

#endif  // MILLRACE_EVENTS_EVENT_TAGS_H_
