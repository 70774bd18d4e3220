#include "tests/conformance/bus/sim/sim_publisher.h"

#include <map>
#include <utility>

#include "base/strings.h"

namespace millrace::bus::sim {
namespace {

// Between two looks whether the log is back.
constexpr absl::Duration kLookAgain = absl::Milliseconds(100);

// How late a killed process's last words may still be written.
constexpr absl::Duration kLateWrite = absl::Seconds(5);

absl::Status Lost() { return absl::UnavailableError("the log did not answer"); }

}  // namespace

Promise<void> SimPublisher::Publish(std::vector<Record> records) {
  auto call = std::make_shared<Call>();
  call->records = std::move(records);
  call->fate = NextFate();
  const Promise<void> done = call->done.promise();
  ++open_;
  if (killed_) {
    Settle(std::move(call), absl::UnavailableError("the process is gone"));
    return done;
  }
  unwritten_.push_back(std::move(call));
  Pump();
  return done;
}

SimPublisher::Fate SimPublisher::NextFate() {
  const Faults& faults = log_->faults();
  Random& random = log_->random();
  if (random.Chance(faults.refuse)) return Fate::kRefused;
  if (random.Chance(faults.lose_ack)) return Fate::kAckLost;
  if (random.Chance(faults.cut)) return Fate::kCut;
  return Fate::kWritten;
}

void SimPublisher::Pump() {
  if (pumping_ || unwritten_.empty()) return;
  pumping_ = true;
  log_->Later(log_->faults().delay, [self = shared_from_this()] {
    self->pumping_ = false;
    self->WriteWhatIsDue();
    self->Pump();
  });
}

void SimPublisher::WriteWhatIsDue() {
  // All of it when nothing takes time.
  do {
    if (unwritten_.empty()) return;
    if (log_->away() && log_->random().Chance(log_->faults().hold)) {
      pumping_ = true;
      log_->loop().SetTimeout(kLookAgain, [self = shared_from_this()] {
        self->pumping_ = false;
        self->WriteWhatIsDue();
        self->Pump();
      });
      return;
    }
    const std::shared_ptr<Call> call = std::move(unwritten_.front());
    unwritten_.pop_front();
    Settle(call, Write(*call));
  } while (log_->faults().delay == absl::ZeroDuration());
}

absl::Status SimPublisher::Write(Call& call) {
  if (log_->away()) return absl::UnavailableError("the log is away");
  if (call.fate == Fate::kRefused) {
    log_->Note(StrCat(name_, " publishes ", call.records.size(), ": refused"));
    return absl::UnavailableError("the log refused");
  }
  size_t good = 0;
  absl::Status status;
  while (good < call.records.size() && status.ok()) {
    status = log_->Check(call.records[good]);
    if (status.ok()) ++good;
  }
  const bool cut = call.fate == Fate::kCut;
  if (log_->noted()) {
    log_->Note(StrCat(name_, " publishes ", good, " of ", call.records.size(),
                      cut                           ? ": some are written"
                      : call.fate == Fate::kAckLost ? ": answer lost"
                                                    : ""));
  }
  if (status.ok() || log_->random().Chance(0.5)) {
    Append(std::move(call.records), good, cut);
  }
  if (!status.ok() || call.fate == Fate::kWritten) return status;
  return Lost();
}

void SimPublisher::Append(std::vector<Record> records, size_t good, bool cut) {
  if (good == 0) return;
  std::map<TopicPartition, bool> ended;
  for (size_t i = 0; i < good; ++i) {
    const TopicPartition id{records[i].topic, log_->PartitionFor(records[i])};
    if (cut && !ended[id]) ended[id] = log_->random().Chance(0.3);
    if (!ended[id]) log_->Append(std::move(records[i]), id.partition);
  }
  log_->Grown();
}

void SimPublisher::Settle(std::shared_ptr<Call> call, absl::Status status) {
  log_->Later(log_->faults().delay,
              [self = shared_from_this(), call = std::move(call),
               status = std::move(status)] {
                if (self->killed_) {
                  call->done.Reject(absl::UnavailableError("killed"));
                } else if (status.ok()) {
                  call->done.Resolve();
                } else {
                  call->done.Reject(status);
                }
                if (--self->open_ > 0) return;
                for (auto& one : std::exchange(self->flushing_, {})) {
                  one.Resolve();
                }
              });
}

Promise<void> SimPublisher::Flushed() {
  if (open_ == 0) return Promise<void>::Resolve();
  return flushing_.emplace_back().promise();
}

void SimPublisher::Kill() {
  killed_ = true;
  for (const auto& call : std::exchange(unwritten_, {})) {
    if (log_->random().Chance(0.5)) {
      log_->Later(kLateWrite, [self = shared_from_this(), call] {
        if (self->log_->away()) return;
        self->log_->Note(StrCat(self->name_, " is gone; its last words"));
        call->fate = Fate::kCut;
        (void)self->Write(*call);
      });
    }
    Settle(call, Lost());
  }
}

}  // namespace millrace::bus::sim
