// How far a partition is done, while its records finish in any order: up to
// where without a gap, and which islands beyond. Loop thread only.
#ifndef MILLRACE_BUS_WATERMARK_H_
#define MILLRACE_BUS_WATERMARK_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "bus/progress.h"

namespace millrace::bus {

class Watermark {
 public:
  using Ticket = uint64_t;

  // A record begins. Offsets must grow; they need not be consecutive.
  Ticket Begin(int64_t offset);

  // The record is done with. At most once per ticket.
  void Done(Ticket ticket);

  // What may be committed: the offset after the last record of the unbroken
  // run (that of the first record while there is no run, -1 before there is
  // one), and at most `max_ranges` islands. An island spans the offsets
  // between its records that no record had.
  Progress progress(size_t max_ranges) const;

  // Records that began and are not below the watermark yet: unfinished ones,
  // and finished ones behind them.
  size_t open() const { return entries_.size(); }

 private:
  struct Entry {
    int64_t offset;
    bool done;
  };

  std::deque<Entry> entries_;
  Ticket first_ = 0;  // the ticket of entries_.front()
  int64_t next_ = -1;
  size_t done_ = 0;  // of entries_
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_WATERMARK_H_
