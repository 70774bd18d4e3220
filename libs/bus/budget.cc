#include "bus/budget.h"

#include <algorithm>
#include <utility>

namespace millrace::bus {

size_t Budget::share_records() const {
  return std::max<size_t>(1,
                          max_records_ / 2 / std::max<size_t>(1, partitions_));
}

size_t Budget::share_bytes() const {
  return std::max<size_t>(1, max_bytes_ / 2 / std::max<size_t>(1, partitions_));
}

bool Budget::IsFull(size_t records, size_t bytes) const {
  return (records_ >= max_records_ / 2 && records >= share_records()) ||
         (bytes_ >= max_bytes_ / 2 && bytes >= share_bytes());
}

// A quarter lower, so that nobody is stopped and started record by record.
bool Budget::is_low() const {
  return records_ <= max_records_ / 8 * 3 && bytes_ <= max_bytes_ / 8 * 3;
}

bool Budget::HasRoom(size_t records, size_t bytes) const {
  return is_low() ||
         (records <= share_records() / 2 && bytes <= share_bytes() / 2);
}

void Budget::Tell() {
  if (waiting_.empty() || !is_low()) return;
  for (const auto& callback : std::exchange(waiting_, {})) callback();
}

}  // namespace millrace::bus
