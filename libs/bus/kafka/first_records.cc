#include "bus/kafka/first_records.h"

#include <utility>

namespace millrace::bus::kafka {

void FirstRecords::SetPartitions(int count) {
  if (count == count_) return;
  count_ = count;
  if (ForgetFirsts()) anywhere_ = true;
}

bool FirstRecords::MayGo(std::optional<int> partition, int64_t now_ms) const {
  if (!partition.has_value()) {
    return AllKnow(now_ms) || (!anywhere_ && under_way_ == 0);
  }
  const Partition there = Of(*partition);
  return Knows(there, now_ms) || (!anywhere_ && !there.first_under_way);
}

void FirstRecords::Went(std::optional<int> partition, int64_t now_ms) {
  ++under_way_;
  if (!partition.has_value()) {
    anywhere_ = !AllKnow(now_ms);
    return;
  }
  Partition& there = partitions_[*partition];
  there.first_under_way = !Knows(there, now_ms);
}

bool FirstRecords::Came(int partition, bool acknowledged, int64_t now_ms) {
  --under_way_;
  bool free = false;
  if (partition >= 0) {
    Partition& there = partitions_[partition];
    // While one may be anywhere, nothing else goes to where nothing is known.
    if (!Knows(there, now_ms)) free = std::exchange(anywhere_, false);
    free |= std::exchange(there.first_under_way, false);
    if (acknowledged) there.acknowledged_ms = now_ms;
  }
  if (under_way_ > 0) return free;
  anywhere_ = false;
  ForgetFirsts();
  return true;
}

bool FirstRecords::ForgetFirsts() {
  bool any = false;
  for (auto& [partition, there] : partitions_) {
    any |= std::exchange(there.first_under_way, false);
  }
  return any;
}

bool FirstRecords::Knows(const Partition& partition, int64_t now_ms) {
  return partition.acknowledged_ms.has_value() &&
         now_ms - *partition.acknowledged_ms < kMemoryMs;
}

bool FirstRecords::AllKnow(int64_t now_ms) const {
  for (int partition = 0; partition < count_; ++partition) {
    if (!Knows(Of(partition), now_ms)) return false;
  }
  return count_ > 0;
}

FirstRecords::Partition FirstRecords::Of(int partition) const {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? Partition() : found->second;
}

}  // namespace millrace::bus::kafka
