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
//
// A contract that has events of others too lists the tags of all of them; a tag
// has a place in each contract that lists it, and kIndex is that in its own:
//
//   struct AccountEvents {
//     using Events = EventTags<UserEvents::Created, LoginEvents::Failed>;
//     static constexpr size_t kEventCount = Events::kCount;
//   };
//
// Tags of two contracts may have one kName, and are two events all the same.
#ifndef MILLRACE_EVENTS_EVENT_TAGS_H_
#define MILLRACE_EVENTS_EVENT_TAGS_H_

#include <cstddef>
#include <exception>
#include <string_view>
#include <type_traits>

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
    return name == &E::kName ? Listener<E>(node) : Listener<E>();
  }

  // For the files of this module. The address of E::kName tells E from an event
  // that is called the same in another contract.
  const std::string_view* name;
  events_internal::NodeRef node;
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

template <typename Contract>
concept ListsEvents = requires {
  typename Contract::Events;
};

// Where E stands in the list, or behind its end.
template <typename E, template <typename...> typename List, typename... Tags>
constexpr size_t PlaceIn(const List<Tags...>*) {
  size_t place = 0;
  (void)((std::is_same_v<E, Tags> || (++place, false)) || ...);
  return place;
}

template <typename Contract, typename E>
constexpr size_t IndexOf() {
  if constexpr (BuiltIn<E>) {
    return Contract::kEventCount + E::kBuiltIn;
  } else if constexpr (ListsEvents<Contract>) {
    constexpr size_t kPlace =
        PlaceIn<E>(static_cast<const typename Contract::Events*>(nullptr));
    static_assert(kPlace < Contract::kEventCount,
                  "neither the emitter's contract nor one that it extends has "
                  "the event");
    return kPlace;
  } else {
    if constexpr (requires { typename E::Contract; }) {
      static_assert(std::is_same_v<typename E::Contract, Contract>,
                    "the event is of another contract than the emitter");
    }
    static_assert(E::kIndex < Contract::kEventCount,
                  "the event is not of this emitter's contract");
    return E::kIndex;
  }
}

}  // namespace events_internal
}  // namespace millrace

#endif  // MILLRACE_EVENTS_EVENT_TAGS_H_
