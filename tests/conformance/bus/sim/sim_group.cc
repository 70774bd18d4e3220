#include "tests/conformance/bus/sim/sim_group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus::sim {

void SimGroup::Join(std::shared_ptr<SimMember> member) {
  const std::string& id = member->spec().member_id;
  if (!id.empty()) {  // the restart of one that died
    const auto before = members_;
    for (const auto& other : before) {
      if (other->spec().member_id == id && other->silent()) Remove(other);
    }
  }
  member->number = joined_++;
  log_.Note(StrCat(name_, "#", member->number, " joins"));
  members_.push_back(std::move(member));
  Rebalance();
}

Promise<void> SimGroup::Leave(std::shared_ptr<SimMember> member,
                              absl::Duration bound) {
  return LeaveIt(shared_from_this(), std::move(member), bound);
}

Promise<void> SimGroup::LeaveIt(Self self, std::shared_ptr<SimMember> member,
                                absl::Duration bound) {
  member->closing = true;
  self->log_.Note(StrCat(self->name_, "#", member->number, " leaves"));
  // Its partitions stay its own until it has given them back.
  std::erase(self->members_, member);
  (void)co_await AsStatusOr(member->Revoke(member->owned(), bound));
  member->Silence();
  self->Remove(member);
}

void SimGroup::Died(std::shared_ptr<SimMember> member) {
  member->Silence();
  log_.loop().SetTimeout(log_.faults().session, [self = shared_from_this(),
                                                 member = std::move(member)] {
    self->Remove(member);
  });
}

void SimGroup::Remove(const std::shared_ptr<SimMember>& member) {
  std::erase(members_, member);
  for (auto it = owners_.begin(); it != owners_.end();) {
    if (it->second != member->number) {
      ++it;
      continue;
    }
    Offset& offset = offsets_[it->first];
    if (member->closing) {
      offset.durable = offset.recorded;
    } else {
      offset.recorded = offset.durable;
    }
    if (offset.recorded.next_offset < 0) offsets_.erase(it->first);
    it = owners_.erase(it);
  }
  Rebalance();
}

void SimGroup::Lose(std::shared_ptr<SimMember> member, absl::Duration after) {
  if (member->fenced || member->silent() || member->closing) return;
  log_.Note(StrCat(name_, "#", member->number, " is lost"));
  member->fenced = true;
  Remove(member);
  log_.Later(after, [self = shared_from_this(), member = std::move(member)] {
    member->TellLost();
    member->fenced = false;
    if (!member->silent() && !member->closing) self->Join(member);
  });
}

void SimGroup::Grown() {
  std::set<std::string> topics;
  for (const auto& member : members_) {
    topics.insert(member->spec().topics.begin(), member->spec().topics.end());
  }
  for (const std::string& topic : topics) {
    if (log_.Find(topic) != nullptr && !owners_.contains({topic, 0})) {
      Rebalance();
    }
  }
  for (const auto& member : members_) member->Kick();
}

void SimGroup::Commit(const SimMember& member, const TopicPartition& partition,
                      Progress progress) {
  const auto owner = owners_.find(partition);
  if (owner == owners_.end() || owner->second != member.number ||
      member.fenced || !member.Owns(partition)) {
    return;
  }
  Offset& offset = offsets_[partition];
  if (progress.next_offset < offset.recorded.next_offset ||
      progress == offset.recorded) {
    return;
  }
  offset.recorded = std::move(progress);
  log_.Later(
      log_.faults().commit_delay,
      [self = shared_from_this(), partition] { self->MakeDurable(partition); });
}

void SimGroup::MakeDurable(const TopicPartition& id) {
  const auto it = offsets_.find(id);
  if (it != offsets_.end()) it->second.durable = it->second.recorded;
}

int64_t SimGroup::committed(const TopicPartition& partition) const {
  const auto it = offsets_.find(partition);
  return it == offsets_.end() ? -1 : it->second.recorded.next_offset;
}

Progress SimGroup::Start(const TopicPartition& id) {
  const auto it = offsets_.find(id);
  if (it == offsets_.end()) return 0;
  // Without the islands, as tools do it that set offsets.
  if (log_.random().Chance(log_.faults().rewind)) {
    it->second.recorded =
        log_.random().Below(it->second.recorded.next_offset + 1);
    it->second.durable = it->second.recorded;
  }
  return it->second.recorded;
}

std::shared_ptr<SimMember> SimGroup::Find(int number) const {
  for (const auto& member : members_) {
    if (member->number == number) return member;
  }
  return nullptr;
}

SimGroup::Owners SimGroup::Wanted() {
  Owners wanted;
  std::set<std::string> topics;
  for (const auto& member : members_) {
    topics.insert(member->spec().topics.begin(), member->spec().topics.end());
  }
  for (const std::string& topic : topics) {
    const auto* partitions = log_.Find(topic);
    if (partitions == nullptr) continue;
    std::map<int, size_t> loads;
    for (const auto& member : members_) {
      if (member->Wants(topic)) loads[member->number] = 0;
    }
    const size_t share = (partitions->size() + loads.size() - 1) / loads.size();
    std::vector<TopicPartition> left;
    for (size_t i = 0; i < partitions->size(); ++i) {
      const TopicPartition id{topic, static_cast<int>(i)};
      const auto owner = owners_.find(id);
      const auto load =
          owner == owners_.end() ? loads.end() : loads.find(owner->second);
      if (log_.faults().shuffle) {
        auto any = loads.begin();
        std::advance(any,
                     log_.random().Below(static_cast<int64_t>(loads.size())));
        wanted[id] = any->first;
      } else if (load != loads.end() && load->second < share) {
        ++load->second;
        wanted[id] = load->first;
      } else {
        left.push_back(id);
      }
    }
    for (const TopicPartition& id : left) {
      const auto least = std::min_element(
          loads.begin(), loads.end(),
          [](const auto& a, const auto& b) { return a.second < b.second; });
      ++least->second;
      wanted[id] = least->first;
    }
  }
  return wanted;
}

void SimGroup::Rebalance() {
  again_ = true;
  if (rebalancing_) return;
  rebalancing_ = true;
  RebalanceUntilStable(shared_from_this()).Detach();
}

Promise<void> SimGroup::RebalanceUntilStable(Self self) {
  while (std::exchange(self->again_, false)) {
    co_await self->log_.Pause(self->log_.faults().delay);
    const Owners wanted = self->Wanted();
    std::map<int, std::vector<TopicPartition>> taken;
    for (const auto& [id, owner] : self->owners_) {
      const auto it = wanted.find(id);
      if (it == wanted.end() || it->second != owner) taken[owner].push_back(id);
    }
    std::vector<Promise<void>> handing;
    for (const auto& [owner, ids] : taken) {
      if (const auto member = self->Find(owner)) {
        handing.push_back(
            member->Revoke(ids, self->log_.faults().revoke_bound));
      } else {
        taken[owner].clear();  // leaving: LeaveIt() does it
      }
    }
    (void)co_await AllSettled(std::move(handing));
    for (const auto& [owner, ids] : taken) {
      for (const TopicPartition& id : ids) {
        const auto it = self->owners_.find(id);
        if (it == self->owners_.end() || it->second != owner) continue;
        if (self->Find(owner) == nullptr) continue;
        self->MakeDurable(id);
        self->owners_.erase(it);
      }
    }
    self->Give(wanted);
  }
  self->rebalancing_ = false;
}

void SimGroup::Give(const Owners& wanted) {
  // Those that `wanted` meant may be gone: then it is done once more.
  std::map<int, std::map<TopicPartition, Progress>> given;
  for (const auto& [id, owner] : wanted) {
    if (owners_.contains(id)) continue;
    if (Find(owner) == nullptr) continue;
    owners_[id] = owner;
    given[owner][id] = Start(id);
  }
  for (const auto& [owner, partitions] : given) {
    if (const auto member = Find(owner)) member->Assign(partitions);
  }
}

}  // namespace millrace::bus::sim
