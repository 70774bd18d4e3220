// Nodes that are shared by a queue of the loop and by handles that users keep.
// The queue makes the pool and orphans it at its end; the last handle of an
// orphaned pool frees it. Not thread-safe.
//
// Nodes lie in pages of kPageBytes that begin with their pool, so that a node
// need not point to it.
#ifndef MILLRACE_LOOP_NODE_POOL_H_
#define MILLRACE_LOOP_NODE_POOL_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace millrace::loop_internal {

// The pool uses a node's `next` while the node is free: a pointer to Node, or
// to a base of it.
template <typename Node, typename Owner>
class NodePool {
 public:
  explicit NodePool(Owner* owner) : owner_(owner) {}
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;

  Node* Make() {
    if (free_ == nullptr) Grow();
    Node* node = free_;
    free_ = static_cast<Node*>(node->next);
    return node;
  }

  static void Free(Node* node) {
    NodePool* const pool = Of(node);
    node->next = pool->free_;
    pool->free_ = node;
    if (pool->owner_ == nullptr && --pool->live_ == 0) delete pool;
  }

  // Who made the pool of the node; null when it is gone.
  static Owner* OwnerOf(const Node* node) { return Of(node)->owner_; }

  // The owner leaves; nodes that handles hold stay valid.
  void Orphan() {
    owner_ = nullptr;
    for (const Region& region : regions_) live_ += region.pages * Page::kNodes;
    for (const Node* node = free_; node != nullptr;
         node = static_cast<const Node*>(node->next)) {
      --live_;
    }
    if (live_ == 0) delete this;
  }

 private:
  static constexpr size_t kPageBytes = 4096;
  static constexpr std::align_val_t kAlign{kPageBytes};

  struct Page {
    static constexpr size_t kNodes =
        (kPageBytes - alignof(Node)) / sizeof(Node);

    NodePool* pool = nullptr;
    Node nodes[kNodes];
  };
  static_assert(sizeof(Page) <= kPageBytes);

  ~NodePool() {
    for (const Region& region : regions_) {
      for (size_t i = 0; i < region.pages; ++i) PageAt(region, i)->~Page();
      ::operator delete(region.memory, kAlign);
    }
  }

  static NodePool* Of(const Node* node) {
    const auto address = reinterpret_cast<uintptr_t>(node);
    return reinterpret_cast<Page*>(address & ~(kPageBytes - 1))->pool;
  }

  struct Region {
    void* memory;
    size_t pages;
  };
  static Page* PageAt(const Region& region, size_t i) {
    return reinterpret_cast<Page*>(static_cast<char*>(region.memory) +
                                   i * kPageBytes);
  }

  void Grow() {
    const size_t pages = regions_.empty() ? 1 : 16;
    const Region region = {::operator new(pages* kPageBytes, kAlign), pages};
    regions_.push_back(region);
    for (size_t i = pages; i-- > 0;) {
      Page* const page = new (PageAt(region, i)) Page;
      page->pool = this;
      for (size_t j = Page::kNodes; j-- > 0;) {
        page->nodes[j].next = free_;
        free_ = &page->nodes[j];
      }
    }
  }

  Owner* owner_;
  Node* free_ = nullptr;
  size_t live_ = 0;  // counted once the owner is gone
  std::vector<Region> regions_;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_NODE_POOL_H_
