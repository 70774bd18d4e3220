#include "bus/local/local_member.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "base/status.h"
#include "loop/combinators.h"

namespace millrace::bus::local {
namespace {

constexpr BackoffPolicy kReadBackoff{absl::Milliseconds(50), absl::Seconds(5),
                                     2};

}  // namespace

bool LocalMember::Wants(const std::string& topic) const {
  return std::find(spec_.topics.begin(), spec_.topics.end(), topic) !=
         spec_.topics.end();
}

std::vector<TopicPartition> LocalMember::owned() const {
  std::vector<TopicPartition> owned;
  for (const auto& [id, position] : positions_) owned.push_back(id);
  return owned;
}

void LocalMember::Assign(
    const std::vector<std::shared_ptr<LocalLog::Partition>>& given) {
  if (silent_ || given.empty()) return;
  std::vector<AssignedPartition> assigned;
  for (const auto& partition : given) {
    Progress committed = log_->Committed(spec_.group, partition->ref);
    Position& position = positions_[partition->id];
    position = {};
    position.partition = partition;
    position.next = std::max(committed.next_offset, int64_t{0});
    position.generation = ++generations_;
    assigned.push_back({partition->id, std::move(committed.finished)});
  }
  log_->loop().Dispatch([&] { events_.OnAssigned(std::move(assigned)); });
  Kick();
}

Promise<void> LocalMember::Revoke(std::vector<TopicPartition> taken,
                                  absl::Duration bound) {
  return GiveBack(shared_from_this(), std::move(taken), bound);
}

Promise<void> LocalMember::GiveBack(Self self,
                                    std::vector<TopicPartition> taken,
                                    absl::Duration bound) {
  for (const TopicPartition& id : taken) {
    const auto it = self->positions_.find(id);
    if (it != self->positions_.end()) it->second.leaving = true;
  }
  if (!self->silent_) {
    Promise<void> done;
    self->log_->loop().Dispatch(
        [&] { done = self->events_.OnRevoked(taken, Revoked::kHandedOver); });
    const absl::Status status =
        co_await AsStatusOr(WithTimeout(std::move(done), bound));
    if (!status.ok()) {
      self->log_->logger().Warning(
          "a member did not hand its partitions over in time",
          {{"group", self->spec_.group}, {"error", status.ToString()}});
    }
  }
  for (const TopicPartition& id : taken) self->positions_.erase(id);
}

void LocalMember::Commit(const TopicPartition& partition, Progress progress) {
  const auto it = positions_.find(partition);
  if (it == positions_.end()) return;
  log_->Commit(spec_.group, it->second.partition->ref, std::move(progress));
}

void LocalMember::SetPaused(const std::vector<TopicPartition>& partitions,
                            bool paused) {
  for (const TopicPartition& id : partitions) {
    const auto it = positions_.find(id);
    if (it != positions_.end()) it->second.paused = paused;
  }
  if (!paused) Kick();
}

bool LocalMember::Readable(const Position& position) const {
  return !position.paused && !position.leaving &&
         std::max(position.next, position.partition->begin) <
             position.partition->end;
}

void LocalMember::Kick() {
  if (fetching_ || silent_) return;
  const bool any =
      std::any_of(positions_.begin(), positions_.end(),
                  [this](const auto& entry) { return Readable(entry.second); });
  if (!any) return;
  fetching_ = true;
  Fetch(shared_from_this()).Detach();
}

Promise<void> LocalMember::Fetch(Self self) {
  for (int failures = 0;;) {
    std::vector<LocalLog::Request> requests;
    std::map<TopicPartition, uint64_t> asked;
    for (const auto& [id, position] : self->positions_) {
      if (!self->Readable(position)) continue;
      requests.push_back({position.partition, position.next});
      asked[id] = position.generation;
    }
    if (requests.empty() || self->silent_ || self->log_->closed()) break;
    auto read = co_await AsStatusOr(self->log_->Read(std::move(requests)));
    if (read.ok()) {
      failures = 0;
      self->Deliver(*std::move(read), asked);
      continue;
    }
    if (self->silent_) break;
    self->log_->loop().Dispatch(
        [&] { self->events_.OnTrouble(read.status()); });
    co_await Delay(BackoffAfter(++failures, kReadBackoff));
  }
  self->fetching_ = false;
}

void LocalMember::Deliver(std::vector<Record> records,
                          const std::map<TopicPartition, uint64_t>& asked) {
  std::vector<Record> wanted;
  wanted.reserve(records.size());
  for (Record& record : records) {
    const TopicPartition id{record.topic, record.partition};
    const auto it = positions_.find(id);
    // Revoked, paused or assigned anew while it was read: read it again later.
    if (it == positions_.end() || it->second.paused || it->second.leaving ||
        it->second.generation != asked.at(id)) {
      continue;
    }
    it->second.next = record.offset + 1;
    wanted.push_back(std::move(record));
  }
  if (wanted.empty() || silent_) return;
  log_->loop().Dispatch([&] { events_.OnRecords(std::move(wanted)); });
}

}  // namespace millrace::bus::local
