#include "bus/partition_work.h"

#include <cassert>
#include <iterator>
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
  Job& job = AddJob(lane);
  job.ticket = ticket;
  job.bytes = sizeof(Job) + record.bytes();
  job.record = std::move(record);
  ++live_;
  bytes_ += job.bytes;
  if (!is_new) return nullptr;
  lanes_.emplace(lane->name, std::move(made));
  return lane;
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
  lane->jobs.front() = Job();
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
  Drop(lane->jobs.front());
  Recycle(lane);
  const bool more = !lane->jobs.empty();
  if (more) {
    lane->state = Lane::State::kReady;
  } else {
    Remove(lane);
  }
  return more;
}

Progress PartitionWork::progress() const {
  return watermark_.progress(kMaxRanges);
}

void PartitionWork::Abandon(Lane* lane) {
  auto from = lane->jobs.begin();
  if (lane->state == Lane::State::kWorking) ++from;
  for (auto it = from; it != lane->jobs.end(); ++it) Drop(*it);
  lane->jobs.erase(from, lane->jobs.end());
  if (lane->state == Lane::State::kWaiting) Remove(lane);
}

void PartitionWork::AbandonAll(Lane* lane) {
  for (const Job& job : lane->jobs) Drop(job);
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

void PartitionWork::Drop(const Job& job) {
  --live_;
  bytes_ -= job.bytes;
}

}  // namespace millrace::bus
