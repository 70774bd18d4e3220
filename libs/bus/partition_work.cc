#include "bus/partition_work.h"

#include <cassert>
#include <iterator>
#include <memory>
#include <utility>

namespace millrace::bus {
namespace {

// More islands than this are not worth their bytes in a commit.
constexpr size_t kMaxRanges = 256;
constexpr size_t kMaxSpareJobs = 256;

// Keys may be any bytes: the first byte keeps them apart from tickets.
std::string LaneName(const std::string& key, Watermark::Ticket ticket) {
  return key.empty() ? "#" + std::to_string(ticket) : "=" + key;
}

}  // namespace

PartitionWork::PartitionWork(TopicPartition id,
                             std::vector<OffsetRange> finished,
                             std::shared_ptr<Budget> budget)
    : id_(std::move(id)),
      finished_before_(std::move(finished)),
      budget_(std::move(budget)) {
  if (budget_ != nullptr) budget_->AddPartition();
}

PartitionWork::~PartitionWork() {
  if (budget_ == nullptr) return;
  for (const auto& [name, lane] : lanes_) {
    for (const Job& job : lane->jobs) budget_->Remove(job.bytes);
  }
  budget_->RemovePartition();
}

Lane* PartitionWork::Add(Record record) {
  last_ = record.offset;
  const Watermark::Ticket ticket = watermark_.Begin(record.offset);
  std::string name = LaneName(record.key, ticket);
  const auto known = lanes_.find(name);
  const bool is_new = known == lanes_.end();
  std::unique_ptr<Lane> made;
  if (is_new) {
    made = std::make_unique<Lane>();
    made->name = std::move(name);
  }
  Lane* const lane = is_new ? made.get() : known->second.get();
  if (!lane->left.empty()) {
    lane->left.push_back({ticket, record.offset});
    ++left_;
    return nullptr;
  }
  Fill(lane, ticket, std::move(record));
  if (is_new) {
    lanes_.emplace(lane->name, std::move(made));
    return lane;
  }
  return lane->state == Lane::State::kEmpty ? lane : nullptr;
}

void PartitionWork::Fill(Lane* lane, Watermark::Ticket ticket,
                         Record&& record) {
  Job& job = AddJob(lane);
  job.ticket = ticket;
  job.bytes = sizeof(Job) + record.bytes();
  job.record = std::move(record);
  ++live_;
  bytes_ += job.bytes;
  lane->bytes += job.bytes;
  if (budget_ != nullptr) budget_->Add(job.bytes);
}

Job& PartitionWork::AddJob(Lane* lane) {
  if (spare_jobs_.empty()) return lane->jobs.emplace_back();
  lane->jobs.splice(lane->jobs.end(), spare_jobs_, spare_jobs_.begin());
  return lane->jobs.back();
}

void PartitionWork::Recycle(Lane* lane) {
  if (spare_jobs_.size() == kMaxSpareJobs) {
    lane->jobs.pop_front();
    return;
  }
  // In place: to assign a new one would move all that it has.
  Job* const job = &lane->jobs.front();
  std::destroy_at(job);
  std::construct_at(job);
  spare_jobs_.splice(spare_jobs_.begin(), lane->jobs, lane->jobs.begin());
}

bool PartitionWork::WasFinished(int64_t offset) {
  while (passed_ < finished_before_.size() &&
         finished_before_[passed_].end <= offset) {
    ++passed_;
  }
  return passed_ < finished_before_.size() &&
         finished_before_[passed_].begin <= offset;
}

void PartitionWork::PassOver(int64_t offset) {
  last_ = offset;
  watermark_.Done(watermark_.Begin(offset));
}

bool PartitionWork::Finish(Lane* lane) {
  assert(lane->state == Lane::State::kWorking);
  watermark_.Done(lane->jobs.front().ticket);
  Drop(lane, lane->jobs.front());
  Recycle(lane);
  const bool more = !lane->jobs.empty();
  if (more) {
    lane->state = Lane::State::kReady;
  } else if (!lane->left.empty() || lane->reading) {
    lane->state = Lane::State::kEmpty;
  } else {
    Remove(lane);
  }
  return more;
}

void PartitionWork::LetGo(Lane* lane, size_t records, size_t bytes) {
  while (lane->jobs.size() > 1 &&
         (lane->jobs.size() > records || lane->bytes > bytes)) {
    const Job& last = lane->jobs.back();
    lane->left.push_front({last.ticket, last.record.offset});
    ++left_;
    Drop(lane, last);
    lane->jobs.pop_back();
  }
}

bool PartitionWork::IsOf(const Lane& lane, std::string_view key) {
  return std::string_view(lane.name).substr(1) == key;
}

size_t PartitionWork::TakeBack(Lane* lane, Record record) {
  size_t missing = 0;
  std::deque<Lane::Left>& left = lane->left;
  for (; !left.empty() && left.front().offset < record.offset; ++missing) {
    watermark_.Done(left.front().ticket);
    left.pop_front();
    --left_;
  }
  if (left.empty() || left.front().offset != record.offset) return missing;
  const Watermark::Ticket ticket = left.front().ticket;
  left.pop_front();
  --left_;
  Fill(lane, ticket, std::move(record));
  return missing;
}

Progress PartitionWork::progress() const {
  return watermark_.progress(kMaxRanges);
}

void PartitionWork::Abandon(Lane* lane) {
  auto from = lane->jobs.begin();
  if (lane->state == Lane::State::kWorking) ++from;
  for (auto it = from; it != lane->jobs.end(); ++it) Drop(lane, *it);
  lane->jobs.erase(from, lane->jobs.end());
  if (lane->state == Lane::State::kWaiting) Remove(lane);
}

void PartitionWork::AbandonLeft(Lane* lane) {
  left_ -= lane->left.size();
  lane->left.clear();
  if (lane->state == Lane::State::kEmpty) Remove(lane);
}

void PartitionWork::AbandonAll(Lane* lane) {
  for (const Job& job : lane->jobs) Drop(lane, job);
  Remove(lane);
}

void PartitionWork::Remove(Lane* lane) {
  lanes_.erase(lanes_.find(lane->name));
}

std::vector<Lane*> PartitionWork::lanes() const {
  std::vector<Lane*> lanes;
  lanes.reserve(lanes_.size());
  for (const auto& [name, lane] : lanes_) lanes.push_back(lane.get());
  return lanes;
}

void PartitionWork::Drop(Lane* lane, const Job& job) {
  --live_;
  bytes_ -= job.bytes;
  lane->bytes -= job.bytes;
  if (budget_ != nullptr) budget_->Remove(job.bytes);
}

}  // namespace millrace::bus
