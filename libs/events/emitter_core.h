// The part of an emitter that knows no types: lists of listeners, and the
// order in which Node adds, removes and reports them. Private to events.
//
// A list is shared by the emitter and the emits that go through it: a change
// during an emit makes a copy, so that an emit sees the listeners that were
// there when it began, and costs no copy otherwise.
#ifndef MILLRACE_EVENTS_EMITTER_CORE_H_
#define MILLRACE_EVENTS_EMITTER_CORE_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "events/emitter_observer.h"
#include "events/event_tags.h"
#include "events/listener.h"

namespace millrace::events_internal {

struct ListenerList {
  struct Entry {
    void (*invoke)(ListenerNode*, const void*);
    ListenerNode* node;  // counted
  };

  ListenerList() = default;
  ListenerList(const ListenerList&) = delete;
  ListenerList& operator=(const ListenerList&) = delete;
  ~ListenerList() {
    for (const Entry& entry : entries) entry.node->Unref();
  }

  void Unref() {
    if (--refs == 0) delete this;
  }

  // The list must not be modified meanwhile: the caller holds a reference.
  void Call(const void* payload) const {
    const Entry* entry = entries.data();
    const Entry* const end = entry + entries.size();
    do {
      entry->invoke(entry->node, payload);
    } while (++entry != end);
  }

  uint32_t refs = 1;
  bool warned = false;
  std::vector<Entry> entries;  // never empty while an emitter has it
};

// Makes the call, under the activity if there is one, and catches what it
// throws.
CallEnd CallUnder(const ActivityRef& activity, absl::FunctionRef<void()> call);

// What a leak warning says.
struct LeakWarning {
  std::string_view emitter;  // EmitterOptions::name
  std::string_view event;
  size_t count;
  size_t max;

  // What the loop's OnWarning() is told when nobody asked for leak warnings.
  std::string Message() const;
};

class EmitterCore {
 public:
  using Warn = absl::AnyInvocable<void(const LeakWarning&)>;

  // `slots`: one for each event, the built-in ones last. `observer` may be
  // null.
  EmitterCore(ListenerList** slots, size_t count, std::string name,
              EmitterObserver* observer);
  ~EmitterCore();
  EmitterCore(const EmitterCore&) = delete;
  EmitterCore& operator=(const EmitterCore&) = delete;

  // `name` is the kName of the event's tag.
  void Add(size_t event, const std::string_view& name, NodeRef node,
           bool prepend);
  // The last added one that is `node` or wraps it; false when there is none.
  bool Remove(size_t event, ListenerNode* node);
  void RemoveAll();
  void RemoveAll(size_t event);
  size_t Count(size_t event, const ListenerNode* node) const;
  std::vector<NodeRef> Listeners(size_t event, bool raw) const;
  std::vector<std::string_view> Names() const;

  bool Emit(size_t event, const void* payload) {
    return EmitTo(slots_[event], payload);
  }
  // The same for who has the slot at hand.
  static bool EmitTo(ListenerList* list, const void* payload) {
    if (list == nullptr) return false;
    const Hold hold(list);
    list->Call(payload);
    return true;
  }
  // The same as the observer follows it, who must be there. `name` is the kName
  // of the event's tag.
  bool EmitObserved(size_t event, std::string_view name, const void* payload);
  // With an observer or without.
  bool EmitError(std::exception_ptr error);

  void set_max_listeners(size_t max) { max_listeners_ = max; }
  size_t max_listeners() const { return max_listeners_; }
  void set_warn(Warn warn) { warn_ = std::move(warn); }
  const std::string& name() const { return name_; }
  EmitterObserver* observer() const { return observer_; }

 private:
  // A list in use. Emits end in the reverse order of their beginning, so the
  // old count is put back as it was, which does not wait for the new one to be
  // loaded, unless the emitter has let the list go meanwhile.
  struct Hold {
    explicit Hold(ListenerList* l) : list(l), refs(l->refs) {
      list->refs = refs + 1;
    }
    ~Hold() {
      if (list->refs - 1 == refs) [[likely]] {
        list->refs = refs;
      } else {
        list->Unref();
      }
    }
    ListenerList* const list;
    const uint32_t refs;
  };
  struct Used {
    size_t event;
    const std::string_view* name;
  };
  // Tells whether listeners that were called have destroyed the emitter, and
  // what they have left of the ErrorEvent's: Node begins a new table when all
  // events are removed at once, or the last one is, and an emit of an error
  // goes on with the table that it began with.
  class Watch {
   public:
    explicit Watch(EmitterCore* core)
        : core_(core), outer_(std::exchange(core->watch_, this)) {}
    ~Watch() {
      if (core_ != nullptr) core_->watch_ = outer_;
      if (old_ != nullptr) old_->Unref();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    bool gone() const { return core_ == nullptr; }
    // The emitter is there still.
    ListenerList* error_list() const {
      return new_table_ ? old_
                        : core_->slots_[core_->builtin(ErrorEvent::kBuiltIn)];
    }

   private:
    friend class EmitterCore;
    void OnNewTable(ListenerList* error_list) {
      if (std::exchange(new_table_, true) || error_list == nullptr) return;
      old_ = error_list;
      ++old_->refs;
    }

    EmitterCore* core_;
    Watch* const outer_;
    bool new_table_ = false;
    ListenerList* old_ = nullptr;  // counted
  };

  size_t builtin(size_t which) const { return count_ - kBuiltInCount + which; }
  ListenerList* Writable(size_t event);
  std::vector<Used> InNodesOrder() const;
  void Drop(size_t event);
  void BeginNewTable();
  void CheckLeak(size_t event, std::string_view name);
  // Makes the emit as the observer follows it.
  bool Follow(std::string_view event, absl::FunctionRef<bool()> emit) const;
  bool TellError(std::exception_ptr error);
  // Tells the listeners of newListener or removeListener.
  void Tell(size_t which, const std::string_view& name, ListenerNode* node);
  bool ToldOfRemovals() const {
    return slots_[builtin(RemoveListener::kBuiltIn)] != nullptr;
  }

  ListenerList** const slots_;
  EmitterObserver* const observer_;
  const size_t count_;
  std::vector<Used> used_;  // events with listeners, in order of addition
  size_t max_listeners_ = 0;
  Warn warn_;
  const std::string name_;
  Watch* watch_ = nullptr;
};

}  // namespace millrace::events_internal

#endif  // MILLRACE_EVENTS_EMITTER_CORE_H_
