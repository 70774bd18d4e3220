#include "bus/subscription.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

// Listeners started before the loop gets to do something else.
constexpr int kStartsPerTurn = 128;
// Of the time to hand a partition over: the rest is for those who give up.
constexpr double kBeforeAbort = 0.75;
// A transport waits for longer than Drain(), which tells of what it cut off.
constexpr absl::Duration kMargin = absl::Seconds(1);

}  // namespace

absl::Status SubscriptionOptions::Validate() const {
  if (max_parallel < 1 || max_in_flight < 1 || max_in_flight_bytes < 1 ||
      max_uncommitted < max_in_flight || slow_after < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "subscription: max_parallel, max_in_flight and max_in_flight_bytes "
        "must be positive, max_uncommitted not below max_in_flight, and "
        "slow_after not negative");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Subscription>> Subscription::Start(
    EventLoop& loop, Transport& transport, Logger& logger, Metrics& metrics,
    SubscriptionSpec spec, EventListener& listener) {
  if (absl::Status status = spec.options.Validate(); !status.ok()) {
    return status;
  }
  std::shared_ptr<Subscription> self(new Subscription(
      loop, transport, logger, metrics, std::move(spec), listener));
  absl::StatusOr<std::unique_ptr<Consumer>> consumer = transport.Join(
      {self->spec_.group, {self->spec_.topic}, self->spec_.member_id}, *self);
  if (!consumer.ok()) return consumer.status();
  self->consumer_ = *std::move(consumer);
  return self;
}

Subscription::Subscription(EventLoop& loop, Transport& transport,
                           Logger& logger, Metrics& metrics,
                           SubscriptionSpec spec, EventListener& listener)
    : loop_(loop),
      transport_(transport),
      logger_(logger),
      spec_(std::move(spec)),
      listener_(listener),
      metrics_(metrics),
      measures_(metrics, spec_.group, spec_.topic),
      starts_left_(kStartsPerTurn),
      leave_bound_(spec_.options.revoke_bound) {}

Subscription::~Subscription() = default;

size_t Subscription::in_flight() const {
  size_t sum = 0;
  for (const auto& [id, assignment] : assignments_) {
    sum += assignment->work.live();
  }
  return sum;
}

void Subscription::Pause() { paused_ = true; }

void Subscription::Resume() {
  paused_ = false;
  Pump();
}

void Subscription::OnTrouble(const absl::Status& status) {
  logger_.Warning("the bus is in trouble and goes on trying",
                  {{"group", spec_.group},
                   {"topic", spec_.topic},
                   {"error", MessageOf(status)}});
}

void Subscription::OnAssigned(std::vector<AssignedPartition> partitions) {
  // One that is there already is still being handed over, but the transport's
  // patience was shorter.
  for (AssignedPartition& partition : partitions) Take(std::move(partition));
}

Subscription::Held Subscription::Find(const TopicPartition& id) const {
  const auto it = assignments_.find(id);
  return it == assignments_.end() ? nullptr : it->second;
}

void Subscription::Take(AssignedPartition partition) {
  const TopicPartition id = partition.id;
  if (const auto it = assignments_.find(id); it != assignments_.end()) {
    const Held before = it->second;
    assignments_.erase(it);
    BeginLeaving(before);
    Forget(before);
  }
  auto assignment =
      std::make_shared<Assignment>(std::move(partition), spec_.budget);
  if (const auto it = lingering_.find(id); it != lingering_.end()) {
    assignment->before = it->second;
  }
  assignments_[id] = std::move(assignment);
}

void Subscription::BeginAnew(Held assignment) {
  const TopicPartition id = assignment->work.id();
  logger_.Warning(
      "a partition begins anew: its topic was deleted and made again",
      {{"group", spec_.group},
       {"topic", spec_.topic},
       {"partition", id.partition}});
  Take({id, {}});
  if (assignment->paused) consumer_->Resume({id});
}

void Subscription::OnRecords(std::vector<Record> records) {
  Held assignment;  // of the record before: runs of one partition are usual
  for (Record& record : records) {
    if (assignment == nullptr ||
        assignment->work.id().partition != record.partition ||
        assignment->work.id().topic != record.topic) {
      assignment = Find({record.topic, record.partition});
    }
    if (assignment == nullptr) continue;
    if (assignment->work.WentBack(record.offset)) {
      BeginAnew(assignment);
      assignment = Find({record.topic, record.partition});
    }
    if (assignment->work.WasFinished(record.offset)) {
      assignment->work.PassOver(record.offset);
      measures_.passed_over.Add();
      CommitSoon(assignment);
      continue;
    }
    const size_t left = assignment->work.left();
    if (Lane* lane = assignment->work.Add(std::move(record))) {
      MakeReady(assignment, lane);
    }
    (assignment->work.left() > left ? measures_.left : measures_.in_flight)
        .Add(1);
    Balance(assignment);
  }
  Pump();
}

void Subscription::MakeReady(const Held& assignment, Lane* lane) {
  lane->state = Lane::State::kReady;
  if (assignment->before != nullptr && assignment->before->working > 0) {
    assignment->held.push_back(lane);
  } else {
    ready_.push_back({assignment, lane});
  }
}

void Subscription::Pump() {
  while (!ready_.empty() && working_ < spec_.options.max_parallel && !paused_) {
    if (starts_left_ == 0) {
      if (turn_scheduled_) return;
      turn_scheduled_ = true;
      loop_.SetImmediate([self = shared_from_this()] {
        self->turn_scheduled_ = false;
        self->starts_left_ = kStartsPerTurn;
        self->Pump();
      });
      return;
    }
    const Ready next = std::move(ready_.front());
    ready_.pop_front();
    if (next.lane->jobs.empty()) {  // abandoned while it waited its turn
      next.assignment->work.Remove(next.lane);
      continue;
    }
    --starts_left_;
    ++working_;
    measures_.working.Set(working_);
    ++next.assignment->working;
    next.lane->state = Lane::State::kWorking;
    // Ends in Worked(), which is what draining waits for.
    Attempt(shared_from_this(), next.assignment, next.lane).Detach();
  }
}

void Subscription::Finish(const Held& assignment, Lane* lane) {
  measures_.in_flight.Add(-1);
  const bool read_again = !lane->left.empty();
  const bool more = assignment->work.Finish(lane);
  CommitSoon(assignment);
  if (read_again) WantMore(assignment, lane);
  if (more) MakeReady(assignment, lane);
  Worked(assignment);
}

// Many finish in a turn, and how far that brings the partition is found once.
void Subscription::CommitSoon(const Held& assignment) {
  if (assignment->moved || assignment->gone) return;
  assignment->moved = true;
  moved_.push_back(assignment);
  if (moved_.size() > 1) return;
  loop_.SetImmediate([self = shared_from_this()] {
    for (const Held& one : std::exchange(self->moved_, {})) {
      self->CommitNow(one);
    }
  });
}

void Subscription::CommitNow(const Held& assignment) {
  if (!std::exchange(assignment->moved, false) || assignment->gone) return;
  consumer_->Commit(assignment->work.id(), assignment->work.progress());
}

void Subscription::GiveUp(const Held& assignment, Lane* lane) {
  const size_t before = assignment->work.live();
  assignment->work.AbandonAll(lane);
  measures_.in_flight.Add(
      -static_cast<double>(before - assignment->work.live()));
  Worked(assignment);
}

void Subscription::Worked(const Held& assignment) {
  --working_;
  measures_.working.Set(working_);
  --assignment->working;
  if (assignment->work.live() == 0 && assignment->idle) {
    assignment->idle->Resolve();
  }
  if (assignment->gone && assignment->working == 0) {
    const auto it = lingering_.find(assignment->work.id());
    if (it != lingering_.end() && it->second == assignment) {
      lingering_.erase(it);
    }
    const auto next = assignments_.find(assignment->work.id());
    if (next != assignments_.end() && next->second->before == assignment) {
      const Held heir = next->second;
      heir->before = nullptr;
      for (Lane* lane : std::exchange(heir->held, {})) MakeReady(heir, lane);
    }
  }
  Balance(assignment);
  if (spec_.budget != nullptr) spec_.budget->Tell();
  Pump();
}

void Subscription::BeginLeaving(const Held& assignment) {
  if (assignment->leaving) return;
  assignment->leaving = true;
  assignment->idle.emplace();
  assignment->retries.Abort(absl::CancelledError("the partition is leaving"));
  assignment->patience.Clear();
  const size_t before = assignment->work.live();
  measures_.left.Add(-static_cast<double>(assignment->work.left()));
  for (Lane* lane : assignment->work.lanes()) {
    const bool is_empty = lane->state == Lane::State::kEmpty;
    assignment->work.AbandonLeft(lane);
    if (is_empty) continue;
    // What waits for a retry is left to the next owner; the rest is worked off,
    // unless nothing may begin.
    if (lane->state == Lane::State::kWaiting || paused_) {
      assignment->work.Abandon(lane);
    }
  }
  measures_.in_flight.Add(
      -static_cast<double>(before - assignment->work.live()));
  if (assignment->work.live() == 0) assignment->idle->Resolve();
}

void Subscription::AbortAttempts(const Held& assignment, absl::Status reason) {
  // A listener may be done at once, and its lane gone.
  std::vector<AbortController> attempts;
  for (const Lane* lane : assignment->work.lanes()) {
    if (lane->state == Lane::State::kWorking && lane->jobs.front().attempt) {
      attempts.push_back(*lane->jobs.front().attempt);
    }
  }
  for (const AbortController& attempt : attempts) attempt.Abort(reason);
}

bool Subscription::AbandonQueued(const Held& assignment) {
  const size_t before = assignment->work.live();
  for (Lane* lane : assignment->work.lanes()) assignment->work.Abandon(lane);
  const size_t abandoned = before - assignment->work.live();
  measures_.in_flight.Add(-static_cast<double>(abandoned));
  return abandoned > 0;
}

void Subscription::Forget(const Held& assignment) {
  if (assignment->gone) return;
  assignment->gone = true;
  AbortAttempts(assignment, absl::CancelledError("the partition is gone"));
  AbandonQueued(assignment);
  if (assignment->working > 0) lingering_[assignment->work.id()] = assignment;
  if (spec_.budget != nullptr) spec_.budget->Tell();
}

Promise<void> Subscription::OnRevoked(std::vector<TopicPartition> partitions,
                                      Revoked how) {
  return Revoke(shared_from_this(), std::move(partitions), how);
}

Promise<void> Subscription::Revoke(Self self,
                                   std::vector<TopicPartition> partitions,
                                   Revoked how) {
  std::vector<Held> leaving;
  std::vector<Promise<void>> idle;
  for (const TopicPartition& id : partitions) {
    const auto it = self->assignments_.find(id);
    if (it == self->assignments_.end()) continue;
    const Held assignment = it->second;
    self->BeginLeaving(assignment);
    if (how == Revoked::kLost) {
      self->assignments_.erase(id);
      self->Forget(assignment);
      continue;
    }
    leaving.push_back(assignment);
    idle.push_back(assignment->idle->promise());
  }
  if (leaving.empty()) co_return;
  self->Pump();
  const absl::Duration bound = self->leave_bound_;
  const Promise<void> all = All(std::move(idle));
  absl::Status drained =
      co_await AsStatusOr(WithTimeout(all, bound * kBeforeAbort));
  bool cut_off = false;
  if (!drained.ok()) {
    for (const Held& assignment : leaving) {
      cut_off |= self->AbandonQueued(assignment);
      AbortAttempts(
          assignment,
          absl::CancelledError("the partition is handed over, and time is up"));
      if (assignment->work.live() == 0) assignment->idle->Resolve();
    }
    drained = co_await AsStatusOr(WithTimeout(all, bound * (1 - kBeforeAbort)));
  }
  if (cut_off || !drained.ok()) {
    self->overran_ = true;
    self->logger_.Warning(
        "a partition is handed over before its events are done; they will be "
        "seen again",
        {{"group", self->spec_.group}, {"topic", self->spec_.topic}});
  }
  for (const Held& assignment : leaving) {
    const auto it = self->assignments_.find(assignment->work.id());
    if (it != self->assignments_.end() && it->second == assignment) {
      self->assignments_.erase(it);
    }
    self->CommitNow(assignment);
    self->Forget(assignment);
  }
}

Promise<void> Subscription::Drain(absl::Duration bound) {
  return Leave(shared_from_this(), bound);
}

Promise<void> Subscription::Leave(Self self, absl::Duration bound) {
  self->leave_bound_ = bound;
  self->overran_ = false;  // what earlier rebalances cut off is past
  co_await self->consumer_->Close(bound + kMargin);
  if (self->overran_) {
    Throw(absl::DeadlineExceededError(
        StrCat("group ", self->spec_.group, " on ", self->spec_.topic,
               " was not drained within ", absl::FormatDuration(bound),
               "; what was not finished will be seen again")));
  }
}

}  // namespace millrace::bus
