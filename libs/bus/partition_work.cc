#include "bus/partition_work.h"

#include <cassert>
#include <iterator>
#include <utility>

namespace millrace::bus {
namespace {

// More islands than this are not worth their bytes in a commit.
constexpr size_t kMaxRanges = 256;

// Keys may be any bytes: the first byte keeps them apart from tickets.
std::string LaneName(const std::string& key, Watermark::Ticket ticket) {
  return key.empty() ? "#" + std::to_string(ticket) : "=" + key;
}

}  // namespace

Lane* PartitionWork::Add(Record record) {
  Job job;
  last_ = record.offset;
  job.ticket = watermark_.Begin(record.offset);
  job.bytes = sizeof(Job) + record.bytes();
  std::string name = LaneName(record.key, job.ticket);
  job.record = std::move(record);
  ++live_;
  bytes_ += job.bytes;
  const auto [it, is_new] = lanes_.try_emplace(std::move(name));
  if (is_new) {
    it->second = std::make_unique<Lane>();
    it->second->name = it->first;
  }
  it->second->jobs.push_back(std::move(job));
  return is_new ? it->second.get() : nullptr;
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
  lane->jobs.pop_front();
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
  const std::string name = lane->name;  // the key must outlive the lane
  lanes_.erase(name);
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
