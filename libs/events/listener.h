// A listener as a value with an identity: what On() returns and Off() takes.
//
// A copyable handle on a function. The same listener may be added several
// times, to several emitters of the same event. It may be called by itself;
// calling what RawListeners() gives removes a Once() as an emit would.
// Loop-bound.
#ifndef MILLRACE_EVENTS_LISTENER_H_
#define MILLRACE_EVENTS_LISTENER_H_

#include <cstdint>
#include <utility>

namespace millrace {

namespace events_internal {

// A function, or a wrapper of one that was added with Once() or with another
// dispatch. Counted without atomics.
struct ListenerNode {
  virtual ~ListenerNode() = default;

  void Ref() { ++refs; }
  void Unref() {
    if (--refs == 0) delete this;
  }
  // The function that a wrapper stands for, or the node itself.
  virtual ListenerNode* original() { return this; }
  // It returns a promise.
  virtual bool asynchronous() const { return false; }

  // Calls it with a `const Payload*`.
  void (*invoke)(ListenerNode* self, const void* payload) = nullptr;
  uint32_t refs = 1;
};

// A counted pointer to a node.
class NodeRef {
 public:
  NodeRef() = default;
  // Takes over one reference.
  explicit NodeRef(ListenerNode* node) : node_(node) {}
  NodeRef(const NodeRef& other) : node_(other.node_) {
    if (node_ != nullptr) node_->Ref();
  }
  NodeRef(NodeRef&& other) noexcept
      : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef() {
    if (node_ != nullptr) node_->Unref();
  }

  static NodeRef Share(ListenerNode* node) {
    node->Ref();
    return NodeRef(node);
  }

  ListenerNode* get() const { return node_; }
  ListenerNode* operator->() const { return node_; }

 private:
  ListenerNode* node_ = nullptr;
};

}  // namespace events_internal

// A listener of event E.
template <typename E>
class Listener {
 public:
  Listener() = default;

  bool valid() const { return node_.get() != nullptr; }
  // The function that Once(), a dispatch or a signal wraps; this one if none.
  Listener original() const {
    return Listener(events_internal::NodeRef::Share(node_->original()));
  }
  void operator()(const typename E::Payload& payload) const {
    const events_internal::NodeRef called = node_;
    called->invoke(called.get(), &payload);
  }
  friend bool operator==(const Listener& a, const Listener& b) {
    return a.node_.get() == b.node_.get();
  }

  // For the files of this module.
  explicit Listener(events_internal::NodeRef node) : node_(std::move(node)) {}
  const events_internal::NodeRef& node() const { return node_; }

 private:
  events_internal::NodeRef node_;
};

}  // namespace millrace

#endif  // MILLRACE_EVENTS_LISTENER_H_
