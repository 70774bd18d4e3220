#include "services/templates/engine/output.h"

#include <algorithm>
#include <utility>

namespace millrace::templates {

void Output::Grow(size_t size) {
  const size_t used = this->size();
  const size_t capacity =
      std::max(used + size + kSlack,
               2 * static_cast<size_t>(end_ - begin_.get()) + 4096);
  std::unique_ptr<char[]> larger(new char[capacity]);
  if (used > 0) std::memcpy(larger.get(), begin_.get(), used);
  begin_ = std::move(larger);
  next_ = begin_.get() + used;
  end_ = begin_.get() + capacity;
}

}  // namespace millrace::templates
