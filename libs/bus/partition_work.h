// The records of one assigned partition that are being worked on: in lanes by
// key, so that keys are worked on in parallel and one key strictly in order,
// and under a watermark, so that nothing in flight is ever committed.
//
// Knows no loop and calls nobody: subscription.h drives it. One thread.
#ifndef MILLRACE_BUS_PARTITION_WORK_H_
#define MILLRACE_BUS_PARTITION_WORK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/trace.h"
#include "bus/budget.h"
#include "bus/dead_letter.h"
#include "bus/progress.h"
#include "bus/transport.h"
#include "bus/watermark.h"
#include "contract/event.h"
#include "loop/abort.h"
#include "loop/promise.h"

namespace millrace::bus {

// One record on its way to the listener.
struct Job {
  Record record;
  Watermark::Ticket ticket = 0;
  size_t bytes = 0;
  // Decoded at the first attempt, and then has the record's value (TakeEvent).
  std::optional<EventEnvelope> event;
  TraceContext emitted;   // the event's own; the listener's span is its child
  int attempts = 0;       // all of them
  int failures = 0;       // those that the retry policy counts
  int64_t began_ms = -1;  // the first attempt, as EventLoop::TimeMs()
  std::vector<AttemptError> errors;  // the last kMaxAttemptErrors
  // Of the attempt under way; the event has its signal.
  std::optional<AbortController> attempt;
};

// The records of one key, oldest first; only the front one is worked on.
struct Lane {
  enum class State {
    kReady,    // waits for its turn
    kWorking,  // its front job is with the listener, or being buried
    kWaiting,  // its front job waits for the next attempt
    kEmpty,    // has no job: what it has was let go of
  };
  // A record that was let go of: it is in the log.
  struct Left {
    Watermark::Ticket ticket;
    int64_t offset;
  };

  std::string name;
  State state = State::kReady;
  std::list<Job> jobs;
  size_t bytes = 0;  // of the jobs
  // Behind the jobs, in the order of the offsets.
  std::deque<Left> left;
  // Somebody reads these again, for whom the lane stays though it is empty,
  bool reading = false;
  // and who waits for it to have room.
  std::optional<Deferred<void>> room;
};

class PartitionWork {
 public:
  // `finished`: what was done with by whoever had the partition before.
  // `budget`, if any, is told of what is here.
  explicit PartitionWork(TopicPartition id,
                         std::vector<OffsetRange> finished = {},
                         std::shared_ptr<Budget> budget = nullptr);
  ~PartitionWork();
  PartitionWork(const PartitionWork&) = delete;
  PartitionWork& operator=(const PartitionWork&) = delete;

  const TopicPartition& id() const { return id_; }

  // Takes a record. Its lane, to be made ready, when nothing of its key is
  // here, else nullptr: it waits behind the others. A record without a key has
  // a lane of its own. Lanes live until Finish() or Abandon() has emptied them,
  // and those that are ready when they are abandoned until Remove(). A record
  // of a lane that has let go of some is let go of as well.
  Lane* Add(Record record);

  // Whether the offset is at or before one that was taken: then this is not
  // the partition that it was, but one of a topic made anew.
  bool WentBack(int64_t offset) const { return offset <= last_; }
  // Whether the record of this offset was done with before; to be asked in the
  // order of the offsets.
  bool WasFinished(int64_t offset);
  // Takes a record that was, in place of Add().
  void PassOver(int64_t offset);

  // The front job of the lane is done with. True when the lane goes on and is
  // kReady; else it is kEmpty when it has let go of records or is being read,
  // or it is gone.
  bool Finish(Lane* lane);

  // Lets go of the jobs behind the first ones, which are at least one and else
  // at most so many and of so many bytes. What they hold the watermark at is
  // remembered.
  void LetGo(Lane* lane, size_t records, size_t bytes);
  // What to read again from, which there is.
  static int64_t NextLeft(const Lane& lane) { return lane.left.front().offset; }
  // A record that comes after those that were read again before; kept when it
  // is the next that the lane let go of. Those that must have come before it
  // are not in the log any more and are done with: returns how many.
  size_t TakeBack(Lane* lane, Record record);
  // Whether a record with this key belongs into the lane, which has one.
  static bool IsOf(const Lane& lane, std::string_view key);
  // Records that were let go of and not taken back.
  size_t left() const { return left_; }

  // Gives the lane's jobs up, except the one that is being worked on. They
  // will never be finished, and hold the watermark where it is.
  void Abandon(Lane* lane);
  // As that, of those which were let go of alone. The lane is gone when it is
  // kEmpty.
  void AbandonLeft(Lane* lane);
  // The working job of the lane as well; the lane is gone.
  void AbandonAll(Lane* lane);
  void Remove(Lane* lane);

  std::vector<Lane*> lanes() const;
  // Jobs that are to be finished, and the bytes of their records.
  size_t live() const { return live_; }
  size_t bytes() const { return bytes_; }
  // Everything that the watermark has not passed.
  size_t open() const { return watermark_.open(); }
  // What may be committed. Takes time in proportion to open().
  Progress progress() const;

 private:
  // A job in the back of the lane, new or used before.
  Job& AddJob(Lane* lane);
  void Fill(Lane* lane, Watermark::Ticket ticket, Record&& record);
  // The front job, which is emptied and kept for another record.
  void Recycle(Lane* lane);
  void Drop(Lane* lane, const Job& job);

  const TopicPartition id_;
  const std::vector<OffsetRange> finished_before_;
  size_t passed_ = 0;  // ranges of these that lie behind
  int64_t last_ = -1;  // the last offset that was taken
  Watermark watermark_;
  size_t live_ = 0;
  size_t bytes_ = 0;
  size_t left_ = 0;
  const std::shared_ptr<Budget> budget_;
  // By the names that they have.
  absl::flat_hash_map<std::string_view, std::unique_ptr<Lane>> lanes_;
  // Emptied: records come in runs, and this keeps the allocator out of them.
  std::list<Job> spare_jobs_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_PARTITION_WORK_H_
