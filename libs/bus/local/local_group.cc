#include "bus/local/local_group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bus/local/assign.h"
#include "loop/combinators.h"

namespace millrace::bus::local {

void LocalGroup::Join(std::shared_ptr<LocalMember> member) {
  members_.push_back(std::move(member));
  Rebalance();
}

void LocalGroup::Lose(const std::shared_ptr<LocalMember>& member) {
  member->Silence();
  std::erase(members_, member);
  std::erase_if(owners_, [&](const auto& entry) {
    return entry.second == member->number();
  });
  Rebalance();
}

Promise<void> LocalGroup::Leave(std::shared_ptr<LocalMember> member,
                                absl::Duration bound) {
  return LeaveIt(shared_from_this(), std::move(member), bound);
}

Promise<void> LocalGroup::LeaveIt(Self self,
                                  std::shared_ptr<LocalMember> member,
                                  absl::Duration bound) {
  std::erase(self->members_, member);
  // Its partitions stay its own until it has given them back: a rebalance that
  // comes by meanwhile leaves them alone.
  co_await member->Revoke(member->owned(), bound);
  self->Lose(member);
}

void LocalGroup::Grown() {
  for (const std::string& topic : Topics()) {
    const LocalLog::Topic* partitions = log_->Find(topic);
    if (partitions == nullptr) continue;
    if (!owners_.contains(partitions->front()->id)) Rebalance();
  }
  for (const auto& member : members_) member->Kick();
}

std::vector<std::string> LocalGroup::Topics() const {
  std::set<std::string> topics;
  for (const auto& member : members_) {
    topics.insert(member->spec().topics.begin(), member->spec().topics.end());
  }
  return {topics.begin(), topics.end()};
}

std::map<TopicPartition, int> LocalGroup::Wanted() const {
  std::map<TopicPartition, int> wanted;
  for (const std::string& topic : Topics()) {
    const LocalLog::Topic* partitions = log_->Find(topic);
    if (partitions == nullptr) continue;
    std::vector<TopicPartition> ids;
    for (const auto& partition : *partitions) ids.push_back(partition->id);
    std::vector<int> numbers;
    for (const auto& member : members_) {
      if (member->Wants(topic)) numbers.push_back(member->number());
    }
    wanted.merge(Assign(ids, numbers, owners_));
  }
  return wanted;
}

std::shared_ptr<LocalMember> LocalGroup::Find(int number) const {
  for (const auto& member : members_) {
    if (member->number() == number) return member;
  }
  return nullptr;
}

void LocalGroup::Rebalance() {
  again_ = true;
  if (rebalancing_) return;
  rebalancing_ = true;
  log_->loop().QueueMicrotask(
      [self = shared_from_this()] { RebalanceUntilStable(self).Detach(); });
}

Promise<void> LocalGroup::RebalanceUntilStable(Self self) {
  while (std::exchange(self->again_, false)) {
    // First everything that is in the wrong place is handed over.
    std::map<int, std::vector<TopicPartition>> taken;
    const auto wanted = self->Wanted();
    for (const auto& [id, owner] : self->owners_) {
      const auto it = wanted.find(id);
      if (it == wanted.end() || it->second != owner) taken[owner].push_back(id);
    }
    std::vector<Promise<void>> handing;
    for (const auto& [owner, ids] : taken) {
      const std::shared_ptr<LocalMember> member = self->Find(owner);
      if (member == nullptr) continue;
      handing.push_back(
          member->Revoke(ids, self->log_->options().revoke_bound));
    }
    (void)co_await AsStatusOr(All(std::move(handing)));
    for (const auto& [owner, ids] : taken) {
      if (self->Find(owner) == nullptr) continue;  // LeaveIt() does it
      for (const TopicPartition& id : ids) self->owners_.erase(id);
    }
    // Then what nobody has is given out, as things stand now.
    std::map<int, std::vector<std::shared_ptr<LocalLog::Partition>>> given;
    for (const auto& [id, owner] : self->Wanted()) {
      if (self->owners_.contains(id)) continue;
      self->owners_[id] = owner;
      given[owner].push_back(
          (*self->log_->Find(id.topic))[static_cast<size_t>(id.partition)]);
    }
    for (const auto& [owner, partitions] : given) {
      const std::shared_ptr<LocalMember> member = self->Find(owner);
      if (member != nullptr) member->Assign(partitions);
    }
  }
  self->rebalancing_ = false;
}

}  // namespace millrace::bus::local
