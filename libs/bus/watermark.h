// How far a partition is done without a gap, while its records finish in any
// order. Loop thread only.
#ifndef MILLRACE_BUS_WATERMARK_H_
#define MILLRACE_BUS_WATERMARK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace millrace::bus {

class Watermark {
 public:
  using Ticket = uint64_t;

  // A record begins. Offsets must grow; they need not be consecutive.
  Ticket Begin(int64_t offset);

  // The record is done with. At most once per ticket. The offset to commit
  // (one past the last record of the unbroken run) when it has moved.
  std::optional<int64_t> Done(Ticket ticket);

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
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_WATERMARK_H_
