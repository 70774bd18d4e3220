// Slabs of nodes that are shared by a queue of the loop and by handles that
// users keep. The queue makes the pool and orphans it at its end; the last
// handle of an orphaned pool frees it. Not thread-safe.
#ifndef MILLRACE_LOOP_NODE_POOL_H_
#define MILLRACE_LOOP_NODE_POOL_H_

#include <cstddef>
#include <memory>
#include <vector>

namespace millrace::loop_internal {

// Node has a member `Node* next` that the pool may use while it is free.
template <typename Node>
class NodePool {
 public:
  Node* Make() {
    if (free_ == nullptr) Grow();
    Node* node = free_;
    free_ = node->next;
    ++live_;
    return node;
  }

  void Free(Node* node) {
    node->next = free_;
    free_ = node;
    if (--live_ == 0 && orphaned_) delete this;
  }

  // The owner leaves; nodes that handles hold stay valid.
  void Orphan() {
    orphaned_ = true;
    if (live_ == 0) delete this;
  }
  bool orphaned() const { return orphaned_; }

 private:
  void Grow() {
    const size_t count = slabs_.empty() ? 32 : 1024;
    slabs_.push_back(std::make_unique<Node[]>(count));
    for (size_t i = count; i-- > 0;) {
      slabs_.back()[i].next = free_;
      free_ = &slabs_.back()[i];
    }
  }

  std::vector<std::unique_ptr<Node[]>> slabs_;
  Node* free_ = nullptr;
  size_t live_ = 0;
  bool orphaned_ = false;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_NODE_POOL_H_
