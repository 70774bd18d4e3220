#include "loop/block_pool.h"

namespace millrace::loop_internal {

constinit thread_local BlockPool* thread_pool = nullptr;

BlockPool::BlockPool() {
  for (size_t i = 0; i < kLists; ++i) {
    lists_[i].room = kKeptBytes / ((i + 1) * kStep);
  }
}

BlockPool::~BlockPool() {
  for (List& list : lists_) {
    while (list.head != nullptr) {
      Block* next = list.head->next;
      ::operator delete(list.head);
      list.head = next;
    }
  }
}

}  // namespace millrace::loop_internal
