#include "bus/watermark.h"

#include <cassert>

namespace millrace::bus {

Watermark::Ticket Watermark::Begin(int64_t offset) {
  assert(entries_.empty() || entries_.back().offset < offset);
  entries_.push_back({offset, false});
  return first_ + entries_.size() - 1;
}

std::optional<int64_t> Watermark::Done(Ticket ticket) {
  assert(ticket >= first_ && ticket - first_ < entries_.size());
  Entry& entry = entries_[ticket - first_];
  assert(!entry.done);
  entry.done = true;
  std::optional<int64_t> moved;
  while (!entries_.empty() && entries_.front().done) {
    moved = entries_.front().offset + 1;
    entries_.pop_front();
    ++first_;
  }
  return moved;
}

}  // namespace millrace::bus
