// Where a rendering is written: one buffer that grows up to a bound. Not
// thread-safe.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_OUTPUT_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_OUTPUT_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "services/templates/engine/simd.h"

namespace millrace::templates {

class Output {
 public:
  // Room for `size` bytes, and 32 more, at the answer; see Wrote().
  char* Reserve(size_t size) {
    if (size + kSlack > static_cast<size_t>(end_ - next_)) Grow(size);
    return next_;
  }
  // The writing has ended at `end`, which is inside of what was reserved.
  void WroteTo(char* end) { next_ = end; }

  // `text` has kTextPadding bytes behind it.
  void WritePadded(const char* text, size_t size) {
    char* to = Reserve(size);
    simd::CopyPadded(to, text, size);
    next_ = to + size;
  }
  void Write(std::string_view text) {
    char* to = Reserve(text.size());
    std::memcpy(to, text.data(), text.size());
    next_ = to + text.size();
  }

  std::string_view view() const {
    return {begin_.get(), static_cast<size_t>(next_ - begin_.get())};
  }
  size_t size() const { return static_cast<size_t>(next_ - begin_.get()); }

  // Keeps the memory for what comes.
  void Clear() { next_ = begin_.get(); }

 private:
  static constexpr size_t kSlack = 32;

  void Grow(size_t size);

  std::unique_ptr<char[]> begin_;
  char* next_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_OUTPUT_H_
