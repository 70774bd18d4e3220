#include "tests/conformance/bus/sim/sim_member.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus::sim {

bool SimMember::Wants(const std::string& topic) const {
  return std::find(spec_.topics.begin(), spec_.topics.end(), topic) !=
         spec_.topics.end();
}

void SimMember::Assign(const std::map<TopicPartition, Progress>& given) {
  if (silent() || given.empty()) return;
  std::vector<AssignedPartition> assigned;
  for (const auto& [id, from] : given) {
    Position position;
    position.next = from.next_offset;
    position.generation = ++generations_;
    positions_[id] = position;
    assigned.push_back({id, from.finished});
    if (log_->noted()) {
      log_->Note(StrCat(spec_.group, "#", number, " is assigned ", NameOf(id),
                        " from ", from.next_offset, " ", FinishedToText(from)));
    }
  }
  log_->loop().Dispatch([&] { events_->OnAssigned(std::move(assigned)); });
  Kick();
}

Promise<void> SimMember::Revoke(std::vector<TopicPartition> taken,
                                absl::Duration bound) {
  std::erase_if(taken, [this](const TopicPartition& id) {
    const auto it = positions_.find(id);
    return it == positions_.end() || it->second.leaving;
  });
  if (!taken.empty()) {
    revocations_.push_back(
        RevokeThem(shared_from_this(), std::move(taken), bound));
  }
  return Revoked();
}

Promise<void> SimMember::Revoked() {
  std::erase_if(revocations_,
                [](const Promise<void>& one) { return one.settled(); });
  return All(revocations_);
}

Promise<void> SimMember::RevokeThem(Self self,
                                    std::vector<TopicPartition> taken,
                                    absl::Duration bound) {
  std::map<TopicPartition, uint64_t> asked;
  for (const TopicPartition& id : taken) {
    Position& position = self->positions_.at(id);
    position.leaving = true;
    asked[id] = position.generation;
    if (self->log_->noted()) {
      self->log_->Note(StrCat(self->spec_.group, "#", self->number,
                              " is asked for ", NameOf(id)));
    }
  }
  if (!self->silent()) {
    Promise<void> done;
    self->log_->loop().Dispatch(
        [&] { done = self->events_->OnRevoked(taken, Revoked::kHandedOver); });
    (void)co_await AsStatusOr(WithTimeout(std::move(done), bound));
  }
  for (const auto& [id, generation] : asked) {
    const auto it = self->positions_.find(id);
    if (it != self->positions_.end() && it->second.generation == generation) {
      self->positions_.erase(it);
    }
  }
}

void SimMember::TellLost() {
  const std::vector<TopicPartition> ids = owned();
  positions_.clear();
  if (silent() || ids.empty()) return;
  log_->Note(StrCat(spec_.group, "#", number, " learns that it is lost"));
  log_->loop().Dispatch(
      [&] { events_->OnRevoked(ids, Revoked::kLost).Detach(); });
}

void SimMember::Kill() {
  if (silent()) return;
  ConsumerEvents* const events = std::exchange(events_, nullptr);
  const std::vector<TopicPartition> ids = owned();
  log_->loop().Dispatch(
      [&] { events->OnRevoked(ids, Revoked::kLost).Detach(); });
}

std::vector<TopicPartition> SimMember::owned() const {
  std::vector<TopicPartition> owned;
  for (const auto& [id, position] : positions_) owned.push_back(id);
  return owned;
}

void SimMember::SetPaused(const std::vector<TopicPartition>& partitions,
                          bool paused) {
  for (const TopicPartition& id : partitions) {
    const auto it = positions_.find(id);
    if (it != positions_.end()) it->second.paused = paused;
  }
  if (!paused) Kick();
}

bool SimMember::Readable(const TopicPartition& id,
                         const Position& position) const {
  return !position.paused && !position.leaving &&
         position.next < static_cast<int64_t>(log_->At(id).size());
}

void SimMember::Kick() {
  if (pumping_ || silent() || log_->away()) return;
  const bool any = std::any_of(positions_.begin(), positions_.end(),
                               [this](const auto& entry) {
                                 return Readable(entry.first, entry.second);
                               });
  if (!any) return;
  pumping_ = true;
  log_->Later(log_->faults().delay, [self = shared_from_this()] {
    self->pumping_ = false;
    self->Deliver();
    self->Kick();
  });
}

void SimMember::Deliver() {
  if (silent() || log_->away()) return;
  std::vector<TopicPartition> ids = owned();
  if (ids.empty()) return;
  // From another partition each time, so that none waits for ever.
  const auto first =
      ids.begin() + log_->random().Below(static_cast<int64_t>(ids.size()));
  std::rotate(ids.begin(), first, ids.end());
  size_t room =
      static_cast<size_t>(log_->faults().delay > absl::ZeroDuration()
                              ? 1 + log_->random().Below(log_->faults().batch)
                              : log_->faults().batch);
  std::vector<Record> records;
  for (const TopicPartition& id : ids) {
    Position& position = positions_.at(id);
    const SimLog::Partition& all = log_->At(id);
    while (room > 0 && Readable(id, position)) {
      records.push_back(all[static_cast<size_t>(position.next++)]);
      --room;
    }
  }
  if (records.empty()) return;
  if (log_->noted()) {
    log_->Note(StrCat(spec_.group, "#", number, " is handed ", records.size(),
                      " from ", records.front().topic, "/",
                      records.front().partition, "@", records.front().offset));
  }
  log_->loop().Dispatch([&] { events_->OnRecords(std::move(records)); });
}

}  // namespace millrace::bus::sim
