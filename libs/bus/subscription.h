// One consumer group's work on a topic: records in, a listener called, offsets
// committed. Loop thread only; held by shared_ptr, because handlers that
// outlast Drain() still come back to it.
//
// What a listener is promised:
//   - At least once: an event is committed only after its promise resolved or
//     its dead letter is durable. After a crash it may see events again that it
//     had finished; with Inbox::Once (inbox.h) their effects happen once.
//     What had finished behind one that had not is committed beside the offset
//     (progress.h) and not delivered again.
//   - In order per key: an event begins after the one before it of the same
//     key is done with. Different keys run side by side, up to max_parallel.
//   - Retried in its lane: a failing event is tried again with exponential
//     backoff and jitter; the later ones of its key wait, other keys go on.
//     INVALID_ARGUMENT and DATA_LOSS are final. UNAVAILABLE and
//     RESOURCE_EXHAUSTED say that something the listener needs is away or
//     full: it is retried until that is over, however long that is unless
//     unavailable_for says otherwise, and does not use up attempts. Such a key
//     stands still; that is logged at each attempt, and is what
//     millrace_bus_retrying_keys and millrace_bus_oldest_retry_seconds show.
//     Anything else has retry.max_attempts.
//   - Dead letters come first: what is given up is durable in the dead letter
//     topic, with the reason, before its offset is committed (dead_letter.h).
//     A record that is no event goes there at once. The key goes on after it.
//   - Not too late: an event that has expired is passed over, or what the
//     options say.
//   - Bounded: a partition with more than max_in_flight records or
//     max_in_flight_bytes here is paused until half of it is done, and so is
//     one that has its share while the budget of all partitions is used up
//     (budget.h).
//   - No key starves others: when a partition has stood paused for slow_after,
//     keys that have more than an eighth of what it may hold are let go of but
//     for that eighth. The partition goes on with what comes behind them, and
//     theirs is read again, in order, as they get on. What is read ahead of the
//     oldest unfinished record ends at max_uncommitted records: only so many of
//     slow keys, one behind the other, hold up what is behind them.
//   - Drained: when a partition is handed over, or at Drain(), what is here is
//     finished first; what would have to be retried is left to the next owner.
//     When three quarters of the time for it are up, or the partition was lost,
//     nothing begins any more, and the signal of each event that is still with
//     the listener is aborted; what the listener rejects then is left to the
//     next owner too.
#ifndef MILLRACE_BUS_SUBSCRIPTION_H_
#define MILLRACE_BUS_SUBSCRIPTION_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/exemplars.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/span.h"
#include "bus/assignment.h"
#include "bus/budget.h"
#include "bus/partition_work.h"
#include "bus/transport.h"
#include "contract/event.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace::bus {

// What becomes of an event whose turn comes, for the first time or once more,
// when it has expired, by the clock of the machine. A replay is delivered in
// any case: somebody wants it. What is delivered then has no expiry for the
// listener, as that would be its deadline.
enum class Expired {
  kPassOver,    // is counted, and done with
  kDeadLetter,  // as if it had failed, without an attempt
  kDeliver,     // as if it had not expired
};

struct SubscriptionOptions {
  int max_parallel = 256;                // listeners at once
  size_t max_in_flight = 1000;           // records of one partition
  size_t max_in_flight_bytes = 8 << 20;  // of one partition
  size_t max_uncommitted = 20'000;       // records of one partition
  // How long keys may fill a partition up before they are let go of.
  absl::Duration slow_after = absl::Seconds(1);
  // A failing event is given up when this much time has passed since its first
  // attempt, even if it has attempts left. Bounds neither UNAVAILABLE nor
  // RESOURCE_EXHAUSTED.
  absl::Duration retry_for = absl::InfiniteDuration();
  // The same for these two. Then an outage that is longer makes dead letters of
  // all that comes meanwhile.
  absl::Duration unavailable_for = absl::InfiniteDuration();
  Expired expired = Expired::kPassOver;
  // How long a partition that is handed over may take to be finished.
  absl::Duration revoke_bound = absl::Seconds(10);

  absl::Status Validate() const;
};

struct SubscriptionSpec {
  std::string group;
  std::string topic;
  std::string dead_letter_topic;
  std::string member_id;  // see GroupSpec
  RetryPolicy retry;
  SubscriptionOptions options;
  // Shared by the subscriptions of a bus. Null: each partition has its own
  // bounds alone.
  std::shared_ptr<Budget> budget;
  // Is told of each attempt. Outlives the subscription. Null: nobody is.
  SpanSink* spans = nullptr;
};

class Subscription final : public ConsumerEvents,
                           public std::enable_shared_from_this<Subscription> {
 public:
  // Joins the group. What is passed by reference outlives the subscription,
  // and the listener outlives every promise it has returned.
  static absl::StatusOr<std::shared_ptr<Subscription>> Start(
      EventLoop& loop, Transport& transport, Logger& logger, Metrics& metrics,
      SubscriptionSpec spec, EventListener& listener);

  ~Subscription() override;

  // Handlers that run go on; none begins until Resume(). Membership stays.
  void Pause();
  void Resume();

  // Takes no more records, finishes what is here within `bound`, commits, and
  // leaves the group. What was not finished will be seen again by the group.
  // DEADLINE_EXCEEDED when the bound has passed first.
  Promise<void> Drain(absl::Duration bound);

  // Records that are here and not done with.
  size_t in_flight() const;
  // Where the group stands: sets the metric of the partitions that are here.
  void ShowLag(const std::vector<GroupOffset>& offsets);
  // Sets the metrics of the keys whose event is being retried.
  void ShowHeld();
  bool has_partitions() const { return !assignments_.empty(); }
  const std::string& group() const { return spec_.group; }
  const std::string& topic() const { return spec_.topic; }

  // ConsumerEvents.
  void OnAssigned(std::vector<AssignedPartition> partitions) override;
  Promise<void> OnRevoked(std::vector<TopicPartition> partitions,
                          Revoked how) override;
  void OnRecords(std::vector<Record> records) override;
  void OnTrouble(const absl::Status& status) override;

 private:
  struct Measures {
    Measures(Metrics& metrics, const std::string& group,
             const std::string& topic);

    Counter& delivered;
    Counter& passed_over;
    Counter& expired;
    Counter& retries;
    Counter& dead_letters;
    Gauge& in_flight;
    Gauge& left;
    Gauge& retrying;
    Gauge& oldest_retry;
    Gauge& working;
    ExemplarObserver handler_seconds;
  };
  struct Ready {
    std::shared_ptr<Assignment> assignment;
    Lane* lane;
  };
  using Self = std::shared_ptr<Subscription>;
  using Held = std::shared_ptr<Assignment>;

  Subscription(EventLoop& loop, Transport& transport, Logger& logger,
               Metrics& metrics, SubscriptionSpec spec,
               EventListener& listener);

  // Null when the partition is not ours.
  Held Find(const TopicPartition& id) const;
  // Replaces an assignment of before, if there is one.
  void Take(AssignedPartition partition);
  // The topic of this assignment is gone, and another of its name begins.
  void BeginAnew(Held assignment);
  void MakeReady(const Held& assignment, Lane* lane);
  // Starts ready lanes while there is room, a bounded number per turn.
  void Pump();
  // One run of the listener on the front job of the lane, which is kWorking.
  static Promise<void> Attempt(Self self, Held assignment, Lane* lane);
  // Whether the event is delivered though it has expired.
  bool IsDeliveredLate(const Job& job) const;
  // What the options say becomes of the front job, which has expired.
  static Promise<void> Expire(Self self, Held assignment, Lane* lane);
  // What becomes of the front job after its attempt.
  Span::Outcome OutcomeOf(const Held& assignment, const Job& job,
                          const absl::Status& failure, bool told) const;
  void RecordSpan(const Job& job, absl::Time start, absl::Time end,
                  const absl::Status& failure, Span::Outcome outcome) const;
  void RetryLater(const Held& assignment, Lane* lane,
                  const absl::Status& failure);
  static bool Passes(const absl::Status& failure);
  // Since its first attempt.
  absl::Duration AgeOf(const Job& job) const;
  bool IsFinal(const Job& job, const absl::Status& failure) const;
  static Promise<void> Wait(Self self, Held assignment, Lane* lane,
                            absl::Duration pause);
  // Makes the front job a dead letter, however long that takes.
  static Promise<void> Bury(Self self, Held assignment, Lane* lane,
                            absl::Status failure);
  static Promise<void> PublishLetter(Self self, Record letter,
                                     AbortSignal signal);

  // The front job is done with.
  void Finish(const Held& assignment, Lane* lane);
  // Commits how far it has come, before this turn of the loop ends.
  void CommitSoon(const Held& assignment);
  void CommitNow(const Held& assignment);
  // The front job will not be finished here.
  void GiveUp(const Held& assignment, Lane* lane);
  void Worked(const Held& assignment);
  // Pauses or resumes the partition at the transport as its load demands.
  void Balance(const Held& assignment);
  bool IsFull(const Held& assignment) const;
  bool HasRoom(const Held& assignment) const;
  // Waits for others to hold less, when it is these that stop it.
  void AwaitBudget(const Held& assignment);
  void AwaitSlowKeys(const Held& assignment, absl::Duration time);
  // What a key may hold of a partition that it slows down.
  size_t KeyRecords(const Assignment& assignment) const;
  size_t KeyBytes(const Assignment& assignment) const;
  void LetGoOfSlowKeys(const Held& assignment);
  // Until the lane has back all that it has let go of.
  static Promise<void> ReadAgain(Self self, Held assignment, Lane* lane);
  static Promise<void> ReadSome(Self self, Held assignment, Lane* lane);
  void TakeBack(const Held& assignment, Lane* lane, Record record);
  bool LaneHasRoom(const Held& assignment, const Lane& lane) const;
  void WantMore(const Held& assignment, Lane* lane);
  static Promise<void> Revoke(Self self, std::vector<TopicPartition> partitions,
                              Revoked how);
  // Nothing is retried from now on.
  void BeginLeaving(const Held& assignment);
  // Their listeners are told that the events are not theirs any more.
  static void AbortAttempts(const Held& assignment, absl::Status reason);
  // What has not begun will not be finished here; whether there was any.
  bool AbandonQueued(const Held& assignment);
  // Nothing is committed from now on.
  void Forget(const Held& assignment);
  static Promise<void> Leave(Self self, absl::Duration bound);

  EventLoop& loop_;
  Transport& transport_;
  Logger& logger_;
  const SubscriptionSpec spec_;
  EventListener& listener_;
  Metrics& metrics_;
  Measures measures_;
  absl::flat_hash_map<int, Gauge*> lags_;  // by partition
  std::unique_ptr<Consumer> consumer_;
  absl::flat_hash_map<TopicPartition, Held> assignments_;
  // Those that are gone while handlers of theirs run on.
  absl::flat_hash_map<TopicPartition, Held> lingering_;
  std::vector<Held> moved_;  // to be committed in this turn
  std::deque<Ready> ready_;
  int working_ = 0;
  int starts_left_;  // in this turn
  bool turn_scheduled_ = false;
  bool paused_ = false;
  absl::Duration leave_bound_;
  bool overran_ = false;  // handlers ran on past leave_bound_
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_SUBSCRIPTION_H_
