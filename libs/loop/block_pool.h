// Free lists of small blocks for coroutine frames and promise states. Each
// loop has one; the loop's thread uses it through AllocateBlock() and
// FreeBlock(), and threads without a loop fall back on the heap. Blocks are
// ordinary heap blocks, so one may outlive the pool or end in another one.
// Under AddressSanitizer nothing is kept, so that it sees every use after free.
#ifndef MILLRACE_LOOP_BLOCK_POOL_H_
#define MILLRACE_LOOP_BLOCK_POOL_H_

#include <cstddef>
#include <cstdint>
#include <new>

namespace millrace::loop_internal {

class BlockPool {
 public:
  BlockPool();
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // What a block of that many bytes has in fact, wherever it comes from: it
  // may be freed into a pool later.
  static size_t RoundUp(size_t bytes) { return (IndexOf(bytes) + 1) * kStep; }

  void* Allocate(size_t bytes) {
    const size_t index = IndexOf(bytes);
    if (index >= kLists) return ::operator new(RoundUp(bytes));
    List& list = lists_[index];
    if (list.head == nullptr) return ::operator new(RoundUp(bytes));
    Block* block = list.head;
    list.head = block->next;
    ++list.room;
    return block;
  }

  void Free(void* pointer, size_t bytes) {
    const size_t index = IndexOf(bytes);
    if (index >= kLists || lists_[index].room == 0) {
      ::operator delete(pointer);
      return;
    }
    List& list = lists_[index];
    list.head = new (pointer) Block{list.head};
    --list.room;
  }

 private:
  static constexpr size_t kStep = 64;
  static constexpr size_t kLists = 32;
  static constexpr size_t kKeptBytes = size_t{1} << 20;  // in each list

  struct Block {
    Block* next;
  };
  struct List {
    Block* head = nullptr;
    size_t room = 0;  // for so many more
  };

  static size_t IndexOf(size_t bytes) { return (bytes - 1) / kStep; }

  List lists_[kLists];
};

// Null on a thread without a loop.
extern constinit thread_local BlockPool* thread_pool;

inline void* AllocateBlock(size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  return ::operator new(bytes);
#else
  if (BlockPool* pool = thread_pool) return pool->Allocate(bytes);
  return ::operator new(BlockPool::RoundUp(bytes));
#endif
}

inline void FreeBlock(void* pointer, size_t bytes) {
#ifndef __SANITIZE_ADDRESS__
  if (BlockPool* pool = thread_pool) return pool->Free(pointer, bytes);
#endif
  ::operator delete(pointer);
  static_cast<void>(bytes);
}

// A base for what lives in such blocks.
struct Pooled {
  static void* operator new(size_t bytes) { return AllocateBlock(bytes); }
  static void operator delete(void* pointer, size_t bytes) {
    FreeBlock(pointer, bytes);
  }
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_BLOCK_POOL_H_
