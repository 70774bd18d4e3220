#include "events/emitter_core.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace millrace::events_internal {

EmitterCore::EmitterCore(ListenerList** slots, size_t count)
    : slots_(slots), count_(count) {}

EmitterCore::~EmitterCore() {
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

void EmitterCore::Drop(size_t event) {
  ListenerList* list = std::exchange(slots_[event], nullptr);
  std::erase_if(used_,
                [event](const Used& used) { return used.event == event; });
  list->Unref();
}

void EmitterCore::Add(size_t event, std::string_view name, NodeRef node,
                      bool prepend) {
  const ListenerChange change{name};
  Emit(builtin(NewListener::kBuiltIn), &change);
  if (slots_[event] == nullptr) {
    slots_[event] = new ListenerList;
    used_.push_back({event, name});
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
  if (warn_) {
    warn_(LeakWarning{name, count});
  } else {
    std::fprintf(stderr,
                 "millrace: %zu listeners of '%.*s' on one emitter, more than "
                 "%zu: a leak? See SetMaxListeners()\n",
                 count, static_cast<int>(name.size()), name.data(),
                 max_listeners_);
  }
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
  std::string_view name;
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
  const ListenerChange change{name};
  Emit(builtin(RemoveListener::kBuiltIn), &change);
  return true;
}

void EmitterCore::RemoveAll() {
  if (slots_[builtin(RemoveListener::kBuiltIn)] != nullptr) {
    const std::vector<Used> used = used_;
    for (const Used& one : used) {
      if (one.event != builtin(RemoveListener::kBuiltIn)) RemoveAll(one.event);
    }
    RemoveAll(builtin(RemoveListener::kBuiltIn));
  }
  while (!used_.empty()) Drop(used_.back().event);
}

void EmitterCore::RemoveAll(size_t event) {
  if (slots_[builtin(RemoveListener::kBuiltIn)] == nullptr) {
    if (slots_[event] != nullptr) Drop(event);
    return;
  }
  // Last in, first out; the reports may change the list meanwhile.
  std::vector<NodeRef> listeners = Listeners(event, true);
  while (!listeners.empty()) {
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

std::vector<std::string_view> EmitterCore::Names() const {
  std::vector<std::string_view> names;
  for (const Used& used : used_) names.push_back(used.name);
  // In Node it is a symbol, and symbols come last.
  const auto monitor =
      std::find_if(used_.begin(), used_.end(), [this](const Used& used) {
        return used.event == builtin(ErrorMonitor::kBuiltIn);
      });
  if (monitor != used_.end()) {
    const auto it = names.begin() + (monitor - used_.begin());
    std::rotate(it, it + 1, names.end());
  }
  return names;
}

bool EmitterCore::EmitError(const std::exception_ptr& error) {
  Emit(builtin(ErrorMonitor::kBuiltIn), &error);
  if (Emit(builtin(ErrorEvent::kBuiltIn), &error)) return true;
  std::rethrow_exception(error);
}

}  // namespace millrace::events_internal
