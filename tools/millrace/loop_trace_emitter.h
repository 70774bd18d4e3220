// An emitter whose events are named at run time, as scenarios do: the names
// are given to the numbered events of a contract.
#ifndef MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_EMITTER_H_
#define MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_EMITTER_H_

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/strings.h"
#include "events/event_emitter.h"

namespace millrace {

inline constexpr size_t kTraceEvents = 16;

struct TraceContract {
  static constexpr std::array<std::string_view, kTraceEvents> kNumbers = {
      "#0", "#1", "#2",  "#3",  "#4",  "#5",  "#6",  "#7",
      "#8", "#9", "#10", "#11", "#12", "#13", "#14", "#15"};

  template <size_t I>
  struct Event {
    using Payload = std::string;
    static constexpr size_t kIndex = I;
    static constexpr std::string_view kName = kNumbers[I];
  };
  static constexpr size_t kEventCount = kTraceEvents;
};

// The names, shared by the emitters of a scenario.
class TraceNames {
 public:
  // Throws when there are more names than events.
  size_t IndexOf(std::string_view name) {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return i;
    }
    if (names_.size() == kTraceEvents) {
      Throw(absl::InvalidArgumentError("the scenario has too many events"));
    }
    names_.emplace_back(name);
    return names_.size() - 1;
  }

  // Of a kName; the built-in events have their own.
  std::string NameOf(std::string_view number) const {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (TraceContract::kNumbers[i] == number) return names_[i];
    }
    return std::string(number);
  }

 private:
  std::vector<std::string> names_;
};

// What a listener does with a payload, in the form in which it is printed.
struct TraceFunction {
  std::string name;
  std::function<void(std::string payload)> call;
};

class TraceEmitter {
 public:
  using Function = std::shared_ptr<const TraceFunction>;

  TraceEmitter(EventLoop& loop, TraceNames& names)
      : names_(names), emitter_(loop, {.max_listeners = 0}) {}

  void Add(std::string_view event, std::string_view mode, Function function) {
    Visit(event, [&]<typename E>() {
      const Listener<E> listener = ListenerOf<E>(std::move(function));
      if (mode == "once") {
        emitter_.template Once<E>(listener);
      } else if (mode == "prepend") {
        emitter_.template PrependListener<E>(listener);
      } else if (mode == "prependOnce") {
        emitter_.template PrependOnceListener<E>(listener);
      } else {
        emitter_.template On<E>(listener);
      }
    });
  }

  void Remove(std::string_view event, Function function) {
    Visit(event, [&]<typename E>() {
      emitter_.template Off<E>(ListenerOf<E>(std::move(function)));
    });
  }

  void RemoveAll() { emitter_.RemoveAllListeners(); }
  void RemoveAll(std::string_view event) {
    Visit(event,
          [&]<typename E>() { emitter_.template RemoveAllListeners<E>(); });
  }

  bool Emit(std::string_view event, const std::string& payload) {
    if (event == ErrorEvent::kName) {
      return emitter_.Emit<ErrorEvent>(Error("e" + payload));
    }
    bool listened = false;
    Visit(event, [&]<typename E>() {
      using Payload = typename E::Payload;
      if constexpr (std::is_same_v<Payload, std::string>) {
        listened = emitter_.template Emit<E>(payload);
      } else if constexpr (std::is_same_v<Payload, ListenerChange>) {
        listened = emitter_.template Emit<E>(ListenerChange{payload});
      } else {
        listened = emitter_.template Emit<E>(Error(payload));
      }
    });
    return listened;
  }

  size_t Count(std::string_view event) {
    size_t count = 0;
    Visit(event,
          [&]<typename E>() { count = emitter_.template ListenerCount<E>(); });
    return count;
  }

  std::vector<std::string> Listeners(std::string_view event) {
    std::vector<std::string> found;
    Visit(event, [&]<typename E>() {
      for (const Listener<E>& listener : emitter_.template Listeners<E>()) {
        for (const auto& [function, known] : Known<E>()) {
          if (known == listener) found.push_back(function->name);
        }
      }
    });
    return found;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const std::string_view name : emitter_.EventNames()) {
      names.push_back(names_.NameOf(name));
    }
    return names;
  }

 private:
  static std::exception_ptr Error(const std::string& text) {
    return std::make_exception_ptr(StatusError(absl::UnknownError(text)));
  }

  template <typename E>
  using KnownListeners = std::vector<std::pair<Function, Listener<E>>>;
  template <typename Indices>
  struct Tables;
  template <size_t... I>
  struct Tables<std::index_sequence<I...>> {
    using Type =
        std::tuple<KnownListeners<TraceContract::Event<I>>...,
                   KnownListeners<ErrorEvent>, KnownListeners<ErrorMonitor>,
                   KnownListeners<NewListener>, KnownListeners<RemoveListener>>;
  };
  using Indices = std::make_index_sequence<kTraceEvents>;

  template <typename E>
  KnownListeners<E>& Known() {
    return std::get<KnownListeners<E>>(known_);
  }

  // A function is one listener of an event, however often it is added.
  template <typename E>
  Listener<E> ListenerOf(Function function) {
    for (const auto& [known, listener] : Known<E>()) {
      if (known == function) return listener;
    }
    const Listener<E> listener = emitter_.template MakeListener<E>(
        [this, function](const typename E::Payload& payload) {
          function->call(Print(payload));
        });
    Known<E>().emplace_back(std::move(function), listener);
    return listener;
  }

  std::string Print(const std::string& payload) const { return payload; }
  std::string Print(const std::exception_ptr& error) const {
    return std::string(MessageOf(StatusFrom(error)));
  }
  std::string Print(const ListenerChange& change) const {
    return names_.NameOf(change.event);
  }

  // Calls f.operator()<E>() with the event that has this name.
  template <typename F>
  void Visit(std::string_view event, F f) {
    if (event == ErrorEvent::kName) {
      f.template operator()<ErrorEvent>();
    } else if (event == ErrorMonitor::kName) {
      f.template operator()<ErrorMonitor>();
    } else if (event == NewListener::kName) {
      f.template operator()<NewListener>();
    } else if (event == RemoveListener::kName) {
      f.template operator()<RemoveListener>();
    } else {
      VisitNumber(names_.IndexOf(event), f, Indices());
    }
  }
  template <typename F, size_t... I>
  static void VisitNumber(size_t index, F& f, std::index_sequence<I...>) {
    ((I == index ? f.template operator()<TraceContract::Event<I>>() : void()),
     ...);
  }

  TraceNames& names_;
  EventEmitter<TraceContract> emitter_;
  Tables<Indices>::Type known_;
};

}  // namespace millrace

#endif  // MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_EMITTER_H_
