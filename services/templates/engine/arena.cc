#include "services/templates/engine/arena.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "services/templates/engine/value.h"

namespace millrace::templates {

const char* Arena::CopyText(std::string_view text) {
  char* copy = static_cast<char*>(Allocate(text.size() + kTextPadding));
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  std::memset(copy + text.size(), 0, kTextPadding);
  return copy;
}

void Arena::Reset() {
  if (blocks_.empty()) return;
  std::swap(blocks_.front(), blocks_.back());
  blocks_.resize(1);
  next_ = blocks_.front().get();
  end_ = next_ + block_size_;
}

void Arena::Grow(size_t size) {
  block_size_ = std::max({size, 2 * block_size_, size_t{8} << 10});
  blocks_.emplace_back(new char[block_size_]);
  next_ = blocks_.back().get();
  end_ = next_ + block_size_;
}

}  // namespace millrace::templates
