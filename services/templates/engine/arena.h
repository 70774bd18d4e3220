// Memory that is given out in order and taken back all at once. Not
// thread-safe. What is handed out is not initialized.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_ARENA_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_ARENA_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace::templates {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned for any value of a document.
  void* Allocate(size_t size) {
    size = (size + 7) & ~size_t{7};
    if (size > static_cast<size_t>(end_ - next_)) Grow(size);
    char* given = next_;
    next_ += size;
    return given;
  }

  template <typename T>
  T* AllocateArray(size_t count) {
    static_assert(alignof(T) <= 8);
    return static_cast<T*>(Allocate(count * sizeof(T)));
  }

  // A copy with kTextPadding bytes behind it, of which the first is NUL.
  const char* CopyText(std::string_view text);

  // Takes everything back; the largest block is kept for the next use.
  void Reset();

 private:
  void Grow(size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_size_ = 0;  // of the last, which is the largest
  char* next_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_ARENA_H_
