// The part of GroupMember that takes partitions and gives them up.

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "base/strings.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/group_member.h"
#include "loop/combinators.h"

namespace millrace::bus::kafka {
namespace {

// How long the commits of a hand-over may take, and the leaving of a group.
constexpr absl::Duration kFlushBound = absl::Seconds(5);
constexpr absl::Duration kCloseBound = absl::Seconds(5);
// How long to ask where a group has come.
constexpr absl::Duration kAskBound = absl::Seconds(5);
constexpr BackoffPolicy kAskAgain{absl::Milliseconds(100), absl::Seconds(2), 2};
// Before a member joins anew.
constexpr absl::Duration kJoinPause = absl::Milliseconds(500);

std::vector<TopicPartition> ToVector(
    const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  }
  return partitions;
}

// What OnRevoked() throws is a rejection too.
Promise<void> Tell(ConsumerEvents* events,
                   std::vector<TopicPartition> partitions, Revoked how) {
  co_await events->OnRevoked(std::move(partitions), how);
}

}  // namespace

void GroupMember::OnRebalance(rd_kafka_event_t* event) {
  // A client that is about to go has nothing more to say, but that it is
  // closed.
  if (joining_ && !closing_) return;
  const bool assign =
      rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  rebalances_.push_back(
      {assign, ToVector(rd_kafka_event_topic_partition_list(event))});
  if (!changing_) NextRebalance();
}

void GroupMember::NextRebalance() {
  while (!rebalances_.empty() && client_ != nullptr && !changing_) {
    Rebalance next = std::move(rebalances_.front());
    rebalances_.pop_front();
    if (closing_) {
      Unassign();
    } else if (next.assign) {
      Take(shared_from_this(), std::move(next.partitions)).Detach();
    } else {
      Revoke(shared_from_this()).Detach();
    }
  }
}

Promise<void> GroupMember::Take(std::shared_ptr<GroupMember> self,
                                std::vector<TopicPartition> partitions) {
  self->changing_.emplace();
  self->patience_.Clear();
  self->without_ = 0;
  absl::StatusOr<CommittedProgress> committed = CommittedProgress();
  for (int failures = 0; self->client_ != nullptr;) {
    if (!partitions.empty()) {
      committed = co_await AsStatusOr(
          WithTimeout(self->AskCommitted(partitions), kAskBound));
      self->asking_.reset();
    }
    // Who leaves, or whose partitions are taken away again, need not know.
    if (committed.ok() || self->client_ == nullptr || self->close_.valid() ||
        self->joining_ || !self->rebalances_.empty()) {
      break;
    }
    self->Trouble(committed.status());
    co_await AsStatusOr(Delay(BackoffAfter(++failures, kAskAgain),
                              self->environment_.closed.signal()));
  }
  if (self->client_ == nullptr) {
    // It was dropped meanwhile.
  } else if (committed.ok()) {
    self->Assign(std::move(partitions), *committed);
  } else {
    self->Unassign();
  }
  std::exchange(self->changing_, std::nullopt)->Resolve();
  self->NextRebalance();
}

Promise<CommittedProgress> GroupMember::AskCommitted(
    const std::vector<TopicPartition>& partitions) {
  asking_.emplace();
  Promise<CommittedProgress> answer = asking_->promise();
  kafka::AskCommitted(client_.get(), spec_.group, partitions, kAskBound,
                      queue_);
  return answer;
}

void GroupMember::OnCommitted(rd_kafka_event_t* event) {
  if (!asking_) return;  // too late
  const Deferred<CommittedProgress> asking =
      *std::exchange(asking_, std::nullopt);
  absl::StatusOr<CommittedProgress> committed = CommittedIn(
      event, StrCat(environment_.place(), ": offsets of group ", spec_.group));
  if (committed.ok()) {
    asking.Resolve(*std::move(committed));
  } else {
    asking.Reject(committed.status());
  }
}

void GroupMember::Assign(std::vector<TopicPartition> partitions,
                         const CommittedProgress& committed) {
  rd_kafka_topic_partition_list_t* list =
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()));
  std::vector<AssignedPartition> assigned;
  for (const TopicPartition& partition : partitions) {
    const auto found = committed.find(partition);
    rd_kafka_topic_partition_list_add(list, partition.topic.c_str(),
                                      partition.partition)
        ->offset = found == committed.end() ? RD_KAFKA_OFFSET_BEGINNING
                                            : found->second.next_offset;
    assigned.push_back({partition, found == committed.end()
                                       ? std::vector<OffsetRange>()
                                       : found->second.finished});
    rd_kafka_queue_t* queue = rd_kafka_queue_get_partition(
        client_.get(), partition.topic.c_str(), partition.partition);
    // Before anything is fetched into it, or that would go to queue_.
    rd_kafka_queue_forward(queue, nullptr);
    wake_.Watch(queue);
    partitions_.push_back({partition, queue});
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    Trouble(ToStatus(error, StrCat(environment_.place(), ": group ",
                                   spec_.group, ": assign")));
  }
  commits_.Assign(partitions);
  if (!partitions.empty() && events_ != nullptr) {
    events_->OnAssigned(std::move(assigned));
  }
}

void GroupMember::Unassign() {
  rd_kafka_assign(client_.get(), nullptr);
  if (!closing_) AwaitAssignment();
}

void GroupMember::AwaitAssignment() {
  const KafkaOptions& options = environment_.options;
  // As long as others may take to give up what they have, and to be missed.
  const absl::Duration patience =
      options.session_timeout + options.revoke_bound + kFlushBound;
  const int doublings = std::min(without_, 3);
  patience_.Clear();
  patience_ = environment_.loop.SetTimeout(patience * (1 << doublings),
                                           [this] { OnNoAssignment(); });
  patience_.Unref();
}

void GroupMember::OnNoAssignment() {
  if (client_ == nullptr || close_.valid() || joining_) return;
  // Where no broker answers, another client gets no answer either.
  if (reachability_.known_away()) return AwaitAssignment();
  ++without_;
  JoinAnew(shared_from_this(),
           absl::UnavailableError(StrCat(
               environment_.place(), ": group ", spec_.group,
               " gave this member no partitions, not even none: its "
               "coordinator may be cut off from other brokers, its topics "
               "may be missing, or the group may be forbidden")))
      .Detach();
}

Promise<void> GroupMember::Revoke(std::shared_ptr<GroupMember> self) {
  const bool lost = rd_kafka_assignment_lost(self->client_.get());
  if (lost) self->lost_ms_ = self->environment_.loop.TimeMs();
  co_await HandOver(self, lost ? Revoked::kLost : Revoked::kHandedOver,
                    self->environment_.options.revoke_bound);
  if (self->client_ == nullptr) co_return;
  self->Unassign();
  self->NextRebalance();
}

Promise<void> GroupMember::HandOver(std::shared_ptr<GroupMember> self,
                                    Revoked how, absl::Duration bound) {
  std::vector<TopicPartition> partitions = self->TakePartitions();
  if (partitions.empty() || self->events_ == nullptr) co_return;
  self->changing_.emplace();
  const bool wait = how == Revoked::kHandedOver;
  if (!wait) bound = absl::ZeroDuration();
  co_await AsStatusOr(
      WithTimeout(Tell(self->events_, std::move(partitions), how), bound));
  if (wait && self->client_ != nullptr &&
      !rd_kafka_assignment_lost(self->client_.get())) {
    co_await AsStatusOr(WithTimeout(self->commits_.Flush(), kFlushBound));
  }
  self->commits_.Clear();
  std::exchange(self->changing_, std::nullopt)->Resolve();
}

std::vector<TopicPartition> GroupMember::TakePartitions() {
  std::vector<TopicPartition> ids;
  for (Partition& partition : std::exchange(partitions_, {})) {
    Wake::Unwatch(partition.queue);
    rd_kafka_queue_destroy(partition.queue);
    ids.push_back(std::move(partition.id));
  }
  return ids;
}

Promise<void> GroupMember::Close(absl::Duration bound) {
  if (!close_.valid()) close_ = CloseNow(shared_from_this(), bound);
  return close_;
}

Promise<void> GroupMember::CloseNow(std::shared_ptr<GroupMember> self,
                                    absl::Duration bound) {
  while (self->changing_) co_await self->changing_->promise();
  co_await HandOver(self, Revoked::kHandedOver, bound);
  if (self->client_ == nullptr) co_return;
  self->closing_ = true;
  // What is left to come goes to a queue of its own.
  rd_kafka_queue_t* queue = rd_kafka_queue_new(self->client_.get());
  self->wake_.Watch(queue);
  Wake::Unwatch(self->queue_);
  rd_kafka_error_t* error =
      rd_kafka_consumer_close_queue(self->client_.get(), queue);
  rd_kafka_queue_destroy(std::exchange(self->queue_, queue));
  self->commits_.SetQueue(queue);
  // What a client that was about to go had been given was not listened to.
  if (self->joining_) self->Unassign();
  self->NextRebalance();
  if (error == nullptr) {
    co_await AsStatusOr(WithTimeout(self->closed_.promise(), kCloseBound));
  } else {
    rd_kafka_error_destroy(error);
  }
  self->Release();
}

Promise<void> GroupMember::JoinAnew(std::shared_ptr<GroupMember> self,
                                    absl::Status reason) {
  self->joining_ = true;
  self->environment_.logger.Warning("a member joins its group anew",
                                    {{"group", self->spec_.group},
                                     {"member", self->spec_.member_id},
                                     {"reason", MessageOf(reason)}});
  // Nothing that is queued can be had any more.
  self->rebalances_.clear();
  while (self->changing_) co_await self->changing_->promise();
  co_await HandOver(self, Revoked::kLost);
  if (self->client_ == nullptr) co_return;
  co_await AsStatusOr(Delay(kJoinPause, self->environment_.closed.signal()));
  self->joining_ = false;
  if (self->client_ == nullptr || self->close_.valid()) co_return;
  self->DropClient();
  self->health_ = self->Subscribe();
  if (!self->health_.ok()) self->Trouble(self->health_);
}

void GroupMember::DropClient() {
  TakePartitions();
  commits_.Stop();
  poll_.Clear();
  patience_.Clear();
  if (queue_ != nullptr) {
    Wake::Unwatch(queue_);
    rd_kafka_queue_destroy(queue_);
    queue_ = nullptr;
  }
  client_.reset();
  if (asking_) {
    const auto asking = *std::exchange(asking_, std::nullopt);
    asking.Reject(absl::CancelledError("the member has left"));
  }
}

void GroupMember::Abandon() {
  events_ = nullptr;
  Release();
}

void GroupMember::Release() {
  DropClient();
  wake_.Stop();
}

}  // namespace millrace::bus::kafka
