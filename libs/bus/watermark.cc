#include "bus/watermark.h"

#include <cassert>

namespace millrace::bus {

Watermark::Ticket Watermark::Begin(int64_t offset) {
  assert(entries_.empty() || entries_.back().offset < offset);
  if (next_ < 0) next_ = offset;
  entries_.push_back({offset, false});
  return first_ + entries_.size() - 1;
}

void Watermark::Done(Ticket ticket) {
  assert(ticket >= first_ && ticket - first_ < entries_.size());
  Entry& entry = entries_[ticket - first_];
  assert(!entry.done);
  entry.done = true;
  ++done_;
  while (!entries_.empty() && entries_.front().done) {
    next_ = entries_.front().offset + 1;
    entries_.pop_front();
    ++first_;
    --done_;
  }
}

Progress Watermark::progress(size_t max_ranges) const {
  Progress progress(next_);
  size_t left = done_;
  bool within = false;
  for (const Entry& entry : entries_) {
    if (left == 0) break;
    if (!entry.done) {
      within = false;
      continue;
    }
    --left;
    if (within) {
      progress.finished.back().end = entry.offset + 1;
      continue;
    }
    if (progress.finished.size() == max_ranges) break;
    progress.finished.push_back({entry.offset, entry.offset + 1});
    within = true;
  }
  return progress;
}

}  // namespace millrace::bus
