// How much of its partitions a subscription holds: pauses, resumes, and the
// keys that would hold up the others.

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "base/strings.h"
#include "bus/subscription.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

// What one key may hold of a partition that it slows down.
constexpr size_t kPartOfKey = 8;
// What all of them together may, when they are so many that the partition could
// not go on: less than what it goes on with.
constexpr size_t kPartOfKeys = 4;
// How soon it is looked for slow keys again.
constexpr absl::Duration kLookAgain = absl::Seconds(1);
// Keys of a partition that are read again at a time: each may take a connection
// to the log, and memory.
constexpr int kMostReaders = 4;
// A key that has had no room for so long gives up its reader.
constexpr absl::Duration kReaderPatience = absl::Seconds(5);
constexpr BackoffPolicy kReadBackoff{absl::Milliseconds(200), absl::Seconds(10),
                                     2};

// Of one key, when so many share; 0: it is not so many.
size_t PartOf(size_t most, size_t keys) {
  const size_t part = most / kPartOfKey;
  return keys == 0 ? part : std::min(part, most / kPartOfKeys / keys);
}

}  // namespace

bool Subscription::IsFull(const Held& assignment) const {
  const SubscriptionOptions& options = spec_.options;
  const PartitionWork& work = assignment->work;
  return work.live() >= options.max_in_flight ||
         work.bytes() >= options.max_in_flight_bytes ||
         work.open() >= options.max_uncommitted ||
         (spec_.budget != nullptr &&
          spec_.budget->IsFull(work.live(), work.bytes()));
}

bool Subscription::HasRoom(const Held& assignment) const {
  const SubscriptionOptions& options = spec_.options;
  const PartitionWork& work = assignment->work;
  return work.live() <= options.max_in_flight / 2 &&
         work.bytes() <= options.max_in_flight_bytes / 2 &&
         work.open() <= options.max_uncommitted / 2 &&
         (spec_.budget == nullptr ||
          spec_.budget->HasRoom(work.live(), work.bytes()));
}

void Subscription::Balance(const Held& assignment) {
  if (assignment->leaving) return;
  const TopicPartition& id = assignment->work.id();
  if (!assignment->paused && IsFull(assignment)) {
    assignment->paused = true;
    consumer_->Pause({id});
    AwaitSlowKeys(assignment, spec_.options.slow_after);
    AwaitBudget(assignment);
  } else if (assignment->paused && HasRoom(assignment)) {
    assignment->paused = false;
    assignment->patience.Clear();
    consumer_->Resume({id});
  } else if (assignment->paused) {
    AwaitBudget(assignment);
  }
}

void Subscription::AwaitBudget(const Held& assignment) {
  const PartitionWork& work = assignment->work;
  if (spec_.budget == nullptr || assignment->awaits_room ||
      spec_.budget->HasRoom(work.live(), work.bytes())) {
    return;
  }
  assignment->awaits_room = true;
  const std::weak_ptr<Subscription> weak = weak_from_this();
  const std::weak_ptr<Assignment> one = assignment;
  spec_.budget->WhenRoom([weak, one] {
    const Self self = weak.lock();
    const Held held = one.lock();
    if (self == nullptr || held == nullptr) return;
    held->awaits_room = false;
    self->Balance(held);
  });
}

void Subscription::AwaitSlowKeys(const Held& assignment, absl::Duration time) {
  const std::weak_ptr<Subscription> weak = weak_from_this();
  const std::weak_ptr<Assignment> one = assignment;
  assignment->patience = loop_.SetTimeout(time, [weak, one] {
    const Self self = weak.lock();
    const Held held = one.lock();
    if (self == nullptr || held == nullptr || held->leaving) return;
    // Who is paused is slow for no key's sake.
    if (!self->paused_) self->LetGoOfSlowKeys(held);
    if (held->paused) self->AwaitSlowKeys(held, kLookAgain);
  });
  assignment->patience.Unref();
}

size_t Subscription::KeyRecords(const Assignment& assignment) const {
  size_t most = spec_.options.max_in_flight;
  if (spec_.budget != nullptr) {
    most = std::min(most, spec_.budget->share_records());
  }
  return std::max<size_t>(1, PartOf(most, assignment.slow_keys));
}

size_t Subscription::KeyBytes(const Assignment& assignment) const {
  size_t most = spec_.options.max_in_flight_bytes;
  if (spec_.budget != nullptr) {
    most = std::min(most, spec_.budget->share_bytes());
  }
  return PartOf(most, assignment.slow_keys);
}

void Subscription::LetGoOfSlowKeys(const Held& assignment) {
  PartitionWork& work = assignment->work;
  const size_t before = work.left();
  const auto cut = [&] {
    for (Lane* lane : work.lanes()) {
      work.LetGo(lane, KeyRecords(*assignment), KeyBytes(*assignment));
    }
  };
  assignment->slow_keys = 0;
  cut();
  const std::vector<Lane*> lanes = work.lanes();
  const auto slow = std::count_if(
      lanes.begin(), lanes.end(),
      [](const Lane* lane) { return !lane->left.empty() || lane->reading; });
  if (!HasRoom(assignment) && slow > 0) {
    assignment->slow_keys = static_cast<size_t>(slow);
    cut();
  }
  for (Lane* lane : lanes) {
    if (lane->left.empty() || lane->reading) continue;
    lane->reading = true;
    ReadAgain(shared_from_this(), assignment, lane).Detach();
  }
  const size_t count = work.left() - before;
  if (count > 0) {
    measures_.in_flight.Add(-static_cast<double>(count));
    measures_.left.Add(static_cast<double>(count));
    logger_.Info("a key is slower than its events come; the others go on",
                 {{"group", spec_.group},
                  {"topic", spec_.topic},
                  {"partition", work.id().partition},
                  {"records_to_read_again", work.left()}});
  }
  Balance(assignment);
  if (count > 0 && spec_.budget != nullptr) spec_.budget->Tell();
}

bool Subscription::LaneHasRoom(const Held& assignment, const Lane& lane) const {
  if (lane.jobs.empty()) return true;
  return lane.jobs.size() < KeyRecords(*assignment) &&
         lane.bytes < KeyBytes(*assignment) && !IsFull(assignment);
}

// Half of it at a time, so that who reads is not woken for each.
void Subscription::WantMore(const Held& assignment, Lane* lane) {
  if (!lane->room || lane->jobs.size() > KeyRecords(*assignment) / 2) return;
  std::exchange(lane->room, std::nullopt)->Resolve();
}

Promise<void> Subscription::ReadAgain(Self self, Held assignment, Lane* lane) {
  const AbortSignal leaving = assignment->retries.signal();
  // While the partition does not leave, the lane is there for its `reading`.
  for (int failures = 1; !assignment->leaving && !lane->left.empty();) {
    // A key that stands still has no reader.
    if (!self->LaneHasRoom(assignment, *lane)) {
      lane->room.emplace();
      const Promise<void> room = lane->room->promise();
      (void)co_await AsStatusOr(WithSignal(room, leaving));
      continue;
    }
    if (assignment->readers >= kMostReaders) {
      (void)co_await AsStatusOr(Delay(kLookAgain, leaving));
      continue;
    }
    ++assignment->readers;
    const absl::Status status =
        co_await AsStatusOr(ReadSome(self, assignment, lane));
    --assignment->readers;
    if (assignment->leaving) co_return;
    if (status.ok()) {
      failures = 1;
      continue;
    }
    self->logger_.Warning(
        "what a slow key has left cannot be read again yet; the key waits",
        {{"group", self->spec_.group},
         {"topic", self->spec_.topic},
         {"partition", assignment->work.id().partition},
         {"error", status.ToString()}});
    (void)co_await AsStatusOr(
        Delay(BackoffAfter(failures++, kReadBackoff), leaving));
  }
  if (assignment->leaving) co_return;
  lane->reading = false;
  if (lane->state == Lane::State::kEmpty) assignment->work.Remove(lane);
}

Promise<void> Subscription::ReadSome(Self self, Held assignment, Lane* lane) {
  const AbortSignal leaving = assignment->retries.signal();
  int64_t next = PartitionWork::NextLeft(*lane);
  const TailStart start = {assignment->work.id(), next};
  Stream<Record> records = self->transport_.TailAt({start}, true);
  while (!lane->left.empty()) {
    // It was cut down once more, and what was read already is behind `records`.
    if (PartitionWork::NextLeft(*lane) < next) co_return;
    if (!self->LaneHasRoom(assignment, *lane)) {
      lane->room.emplace();
      const Promise<void> room =
          WithTimeout(lane->room->promise(), kReaderPatience);
      const absl::Status status =
          co_await AsStatusOr(WithSignal(room, leaving));
      if (assignment->leaving || !status.ok()) co_return;
      continue;
    }
    Promise<std::optional<Record>> read = records.Next();
    std::optional<Record> record =
        co_await WithSignal(std::move(read), leaving);
    if (assignment->leaving) co_return;
    if (!record) Throw(absl::UnavailableError("the transport has closed"));
    if (PartitionWork::NextLeft(*lane) < next) co_return;
    const bool back = record->offset < next;
    const bool other = record->offset == PartitionWork::NextLeft(*lane) &&
                       !PartitionWork::IsOf(*lane, record->key);
    if (back || other) {
      // The consumer finds out when it goes on: see WentBack().
      if (std::exchange(assignment->paused, false)) {
        assignment->patience.Clear();
        self->consumer_->Resume({assignment->work.id()});
      }
      Throw(absl::UnavailableError("the topic was made anew"));
    }
    next = record->offset + 1;
    self->TakeBack(assignment, lane, *std::move(record));
  }
}

void Subscription::TakeBack(const Held& assignment, Lane* lane, Record record) {
  PartitionWork& work = assignment->work;
  const size_t left = work.left();
  const size_t before = work.live();
  const size_t missing = work.TakeBack(lane, std::move(record));
  measures_.left.Add(-static_cast<double>(left - work.left()));
  measures_.in_flight.Add(static_cast<double>(work.live() - before));
  if (missing > 0) {
    logger_.Warning("events of a slow key are gone: the log has deleted them",
                    {{"group", spec_.group},
                     {"topic", spec_.topic},
                     {"partition", work.id().partition},
                     {"records", missing}});
    CommitSoon(assignment);
    Balance(assignment);  // which waits for nothing else, perhaps
  }
  if (lane->state == Lane::State::kEmpty && !lane->jobs.empty()) {
    MakeReady(assignment, lane);
    Pump();
  }
}

}  // namespace millrace::bus
