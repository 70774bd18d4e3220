// What all partitions of a bus may hold together, in records and bytes, and
// what each of them may. Loop thread only.
//
// Half of it belongs to the partitions, each an equal share; the other half to
// whoever comes first. A partition that holds its share waits while a half of
// all is taken. So all of them together stay within the budget but for what a
// transport hands over at once, none can take another's share, and none that
// holds nothing waits: whatever others do, it goes on.
#ifndef MILLRACE_BUS_BUDGET_H_
#define MILLRACE_BUS_BUDGET_H_

#include <cstddef>
#include <functional>
#include <vector>

namespace millrace::bus {

class Budget {
 public:
  Budget(size_t max_records, size_t max_bytes)
      : max_records_(max_records), max_bytes_(max_bytes) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  void AddPartition() { ++partitions_; }
  void RemovePartition() { --partitions_; }
  void Add(size_t bytes) {
    ++records_;
    bytes_ += bytes;
  }
  void Remove(size_t bytes) {
    --records_;
    bytes_ -= bytes;
  }

  // Whether a partition that holds this much has to wait.
  bool IsFull(size_t records, size_t bytes) const;
  // Whether one that waits may go on.
  bool HasRoom(size_t records, size_t bytes) const;
  // Of one partition.
  size_t share_records() const;
  size_t share_bytes() const;

  size_t records() const { return records_; }
  size_t bytes() const { return bytes_; }

  // Calls back once, from Tell(), when one that waits may go on because others
  // hold less.
  void WhenRoom(std::function<void()> callback) {
    waiting_.push_back(std::move(callback));
  }
  void Tell();

 private:
  bool is_low() const;

  const size_t max_records_;
  const size_t max_bytes_;
  size_t partitions_ = 0;
  size_t records_ = 0;
  size_t bytes_ = 0;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_BUDGET_H_
