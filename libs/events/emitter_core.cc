#include "events/emitter_core.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"

namespace millrace::events_internal {

CallEnd CallUnder(const ActivityRef& activity, absl::FunctionRef<void()> call) {
  using Clock = std::chrono::steady_clock;
  CallEnd end;
  const auto begin = Clock::now();
  try {
    std::optional<ActivityScope> scope;
    if (activity) scope.emplace(activity);
    call();
  } catch (...) {
    end.error = std::current_exception();
  }
  end.took = absl::FromChrono(Clock::now() - begin);
  return end;
}

std::string LeakWarning::Message() const {
  return StrCat(count, " listeners of '", event, "' on one ",
                emitter.empty() ? "emitter" : emitter, ", more than ", max,
                ": a leak? Remove listeners that are done with (Off(), Once(), "
                "ListenOptions::signal), or raise the limit with "
                "SetMaxListeners()");
}

EmitterCore::EmitterCore(ListenerList** slots, size_t count, std::string name,
                         EmitterObserver* observer)
    : slots_(slots),
      observer_(observer),
      count_(count),
      name_(std::move(name)) {}

EmitterCore::~EmitterCore() {
  for (Watch* watch = watch_; watch != nullptr; watch = watch->outer_) {
    watch->core_ = nullptr;
  }
  for (size_t i = 0; i < count_; ++i) {
    if (ListenerList* list = std::exchange(slots_[i], nullptr)) list->Unref();
  }
}

// The event's list, unshared: a copy when an emit is going through it.
ListenerList* EmitterCore::Writable(size_t event) {
  ListenerList* list = slots_[event];
  if (list->refs == 1) return list;
  auto* copy = new ListenerList;
  copy->warned = list->warned;
  copy->entries.reserve(list->entries.size() + 1);
  copy->entries = list->entries;
  for (const auto& entry : copy->entries) entry.node->Ref();
  list->Unref();
  slots_[event] = copy;
  return copy;
}

void EmitterCore::BeginNewTable() {
  ListenerList* const errors = slots_[builtin(ErrorEvent::kBuiltIn)];
  for (Watch* watch = watch_; watch != nullptr; watch = watch->outer_) {
    watch->OnNewTable(errors);
  }
}

void EmitterCore::Drop(size_t event) {
  if (used_.size() == 1) BeginNewTable();
  ListenerList* list = std::exchange(slots_[event], nullptr);
  std::erase_if(used_,
                [event](const Used& used) { return used.event == event; });
  list->Unref();
}

void EmitterCore::Add(size_t event, const std::string_view& name, NodeRef node,
                      bool prepend) {
  {
    const Watch watch(this);
    Tell(NewListener::kBuiltIn, name, node.get());
    if (watch.gone()) return;
  }
  if (slots_[event] == nullptr) {
    slots_[event] = new ListenerList;
    used_.push_back({event, &name});
  }
  auto& entries = Writable(event)->entries;
  node->Ref();
  entries.insert(prepend ? entries.begin() : entries.end(),
                 {node->invoke, node.get()});
  CheckLeak(event, name);
}

void EmitterCore::CheckLeak(size_t event, std::string_view name) {
  ListenerList* list = slots_[event];
  const size_t count = list->entries.size();
  if (max_listeners_ == 0 || count <= max_listeners_ || list->warned) return;
  list->warned = true;
  const LeakWarning warning{name_, name, count, max_listeners_};
  if (warn_) return warn_(warning);
  if (EventLoop* loop = EventLoop::Current()) {
    return loop->EmitWarning({kLeakWarningName, warning.Message()});
  }
  std::fprintf(stderr, "millrace: %s: %s\n", kLeakWarningName,
               warning.Message().c_str());
}

void EmitterCore::Tell(size_t which, const std::string_view& name,
                       ListenerNode* node) {
  if (slots_[builtin(which)] == nullptr) return;
  const ListenerChange change{name, &name, NodeRef::Share(node->original())};
  Emit(builtin(which), &change);
}

bool EmitterCore::Remove(size_t event, ListenerNode* node) {
  ListenerList* list = slots_[event];
  if (list == nullptr) return false;
  const auto it = std::find_if(
      list->entries.rbegin(), list->entries.rend(), [node](const auto& entry) {
        return entry.node == node || entry.node->original() == node;
      });
  if (it == list->entries.rend()) return false;
  const size_t index = list->entries.rend() - it - 1;
  const std::string_view* name = nullptr;
  for (const Used& used : used_) {
    if (used.event == event) name = used.name;
  }
  NodeRef removed = NodeRef::Share(it->node);
  if (list->entries.size() == 1) {
    Drop(event);
  } else {
    auto& entries = Writable(event)->entries;
    entries.erase(entries.begin() + index);
    removed->Unref();
  }
  Tell(RemoveListener::kBuiltIn, *name, removed.get());
  return true;
}

void EmitterCore::RemoveAll() {
  if (ToldOfRemovals()) {
    const Watch watch(this);
    for (const Used& one : InNodesOrder()) {
      if (one.event == builtin(RemoveListener::kBuiltIn)) continue;
      RemoveAll(one.event);
      if (watch.gone()) return;
    }
    RemoveAll(builtin(RemoveListener::kBuiltIn));
    if (watch.gone()) return;
  }
  BeginNewTable();
  while (!used_.empty()) Drop(used_.back().event);
}

void EmitterCore::RemoveAll(size_t event) {
  if (!ToldOfRemovals()) {
    if (slots_[event] != nullptr) Drop(event);
    return;
  }
  // Last in, first out; those who are told may change the list meanwhile.
  const Watch watch(this);
  std::vector<NodeRef> listeners = Listeners(event, true);
  while (!listeners.empty() && !watch.gone()) {
    Remove(event, listeners.back().get());
    listeners.pop_back();
  }
}

size_t EmitterCore::Count(size_t event, const ListenerNode* node) const {
  const ListenerList* list = slots_[event];
  if (list == nullptr) return 0;
  if (node == nullptr) return list->entries.size();
  return std::count_if(
      list->entries.begin(), list->entries.end(), [node](const auto& entry) {
        return entry.node == node || entry.node->original() == node;
      });
}

std::vector<NodeRef> EmitterCore::Listeners(size_t event, bool raw) const {
  std::vector<NodeRef> listeners;
  if (const ListenerList* list = slots_[event]) {
    for (const auto& entry : list->entries) {
      listeners.push_back(
          NodeRef::Share(raw ? entry.node : entry.node->original()));
    }
  }
  return listeners;
}

std::vector<EmitterCore::Used> EmitterCore::InNodesOrder() const {
  std::vector<Used> used = used_;
  // In Node the monitor is a symbol, and symbols come last.
  std::stable_partition(used.begin(), used.end(), [this](const Used& one) {
    return one.event != builtin(ErrorMonitor::kBuiltIn);
  });
  return used;
}

std::vector<std::string_view> EmitterCore::Names() const {
  std::vector<std::string_view> names;
  for (const Used& used : InNodesOrder()) names.push_back(*used.name);
  return names;
}

bool EmitterCore::Follow(std::string_view event,
                         absl::FunctionRef<bool()> emit) const {
  const ActivityRef activity = observer_->OnEmit(name_, event);
  if (!activity) return emit();
  // The emitter may be gone by the end.
  EmitterObserver& observer = *observer_;
  const std::string name = name_;
  bool heard = false;
  const CallEnd end = CallUnder(activity, [&] { heard = emit(); });
  observer.OnEmitEnded(name, event, *activity.get(), end);
  if (end.error != nullptr) std::rethrow_exception(end.error);
  return heard;
}

bool EmitterCore::EmitObserved(size_t event, std::string_view name,
                               const void* payload) {
  return Follow(name, [&] { return Emit(event, payload); });
}

bool EmitterCore::EmitError(std::exception_ptr error) {
  if (observer_ == nullptr) return TellError(std::move(error));
  return Follow(ErrorEvent::kName, [&] { return TellError(error); });
}

bool EmitterCore::TellError(std::exception_ptr error) {
  const Watch watch(this);
  Emit(builtin(ErrorMonitor::kBuiltIn), &error);
  if (!watch.gone() && EmitTo(watch.error_list(), &error)) return true;
  if (error == nullptr) {
    Throw(absl::UnknownError(
        "an ErrorEvent was emitted, without an error and without a listener"));
  }
  std::rethrow_exception(error);
}

}  // namespace millrace::events_internal
