#include "tests/conformance/bus/sim/simulation.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/outbox_sql.h"
#include "loop/combinators.h"
#include "loop/testing/await.h"
#include "tests/conformance/bus/sim/process.h"
#include "tests/conformance/bus/sim/sim_group.h"
#include "tests/conformance/bus/sim/stage.h"

namespace millrace::bus::sim {
namespace {

// Of virtual time: longer than anything that retries.
constexpr absl::Duration kPatience = absl::Hours(2);
constexpr absl::Duration kLook = absl::Milliseconds(500);
constexpr size_t kFailuresTold = 3;

class Run {
 public:
  explicit Run(Stage& stage)
      : stage_(stage), processes_(static_cast<size_t>(stage.plan.processes)) {}

  // Everything, from the first process to the last.
  static Promise<void> Whole(Run& self);
  int64_t lives() const { return lives_; }

 private:
  struct Place {
    std::shared_ptr<Process> process;  // null while there is none
    int life = 0;
  };

  void StartProcess(int number);
  void StartLater(int number, absl::Duration after);
  static Promise<void> StopAndStart(Run& self, int number,
                                    absl::Duration after);
  void Take(const Step& step);
  void Lose(const Step& step);
  void Garbage();
  void EndChaos();
  bool Quiet() const;
  static Promise<void> UntilQuiet(Run& self);
  static Promise<void> StopAll(Run& self);
  void CheckNothingIsLeft();
  static Promise<void> CheckRows(Run& self);

  Stage& stage_;
  std::vector<Place> processes_;
  std::vector<std::shared_ptr<Process>> all_;  // also those that are gone
  int64_t lives_ = 0;
};

void Run::StartProcess(int number) {
  Place& place = processes_[static_cast<size_t>(number)];
  if (place.process != nullptr) return;
  ++place.life;
  place.process = std::make_shared<Process>(
      stage_, number, place.life, [this, number, life = place.life] {
        Place& at = processes_[static_cast<size_t>(number)];
        if (at.life != life || at.process == nullptr) return;
        at.process = nullptr;
        StartLater(number, absl::Seconds(1));
      });
  all_.push_back(place.process);
  ++lives_;
  place.process->Start();
}

void Run::StartLater(int number, absl::Duration after) {
  stage_.loop.SetTimeout(after, [this, number] { StartProcess(number); });
}

Promise<void> Run::StopAndStart(Run& self, int number, absl::Duration after) {
  const auto process = self.processes_[static_cast<size_t>(number)].process;
  if (process == nullptr || !process->alive()) co_return;
  (void)co_await Process::Stop(process);
  if (process->dead()) co_return;  // starts again by itself
  Place& place = self.processes_[static_cast<size_t>(number)];
  place.process = nullptr;
  self.StartLater(number, after);
}

void Run::Take(const Step& step) {
  if (!stage_.chaos) return;
  Place& place = processes_[static_cast<size_t>(step.process)];
  SimGroup& group =
      stage_.log->GroupOf(stage_.groups[static_cast<size_t>(step.group)]);
  stage_.Note(step.ToString());
  switch (step.kind) {
    case Step::Kind::kCrash:
      if (place.process != nullptr) place.process->Kill();
      break;
    case Step::Kind::kStop:
      StopAndStart(*this, step.process, step.lasts).Detach();
      break;
    case Step::Kind::kLose:
      Lose(step);
      break;
    case Step::Kind::kRebalance:
      group.Rebalance();
      break;
    case Step::Kind::kAway:
      stage_.log->SetAway(true);
      stage_.loop.SetTimeout(step.lasts,
                             [this] { stage_.log->SetAway(false); });
      break;
    case Step::Kind::kPause:
      if (place.process == nullptr || !place.process->alive()) break;
      place.process->bus().Pause();
      stage_.loop.SetTimeout(step.lasts, [process = place.process] {
        if (process->alive()) process->bus().Resume();
      });
      break;
    case Step::Kind::kClock:
      stage_.time.SetWallBy(step.back ? absl::Hours(-1) : absl::Hours(1));
      break;
    case Step::Kind::kGarbage:
      Garbage();
      break;
  }
}

void Run::Lose(const Step& step) {
  const std::string& name = stage_.groups[static_cast<size_t>(step.group)];
  SimGroup& group = stage_.log->GroupOf(name);
  const auto members = group.members();
  if (members.empty()) return;
  group.Lose(members[static_cast<size_t>(step.process) % members.size()],
             step.lasts);
}

// By somebody who knows nothing of events.
void Run::Garbage() {
  if (stage_.log->Find(stage_.contract.topic()) == nullptr) return;
  Record record;
  record.topic = stage_.contract.topic();
  record.key = StrCat("k", stage_.random.Below(stage_.plan.keys));
  record.value = "no event";
  record.has_value = stage_.random.Chance(0.5);
  if (!record.has_value) record.value.clear();
  stage_.log->Append(record, stage_.log->PartitionFor(record));
  stage_.log->Grown();
}

void Run::EndChaos() {
  stage_.Note("all faults end");
  stage_.chaos = false;
  Faults quiet;
  quiet.delay = absl::Milliseconds(5);
  quiet.max_record_bytes = kMaxRecordBytes;
  quiet.session = stage_.plan.faults.session;
  stage_.log->faults() = quiet;
  if (stage_.log->away()) stage_.log->SetAway(false);
}

bool Run::Quiet() const {
  for (const Place& place : processes_) {
    if (place.process == nullptr || !place.process->alive() ||
        !place.process->idle() || place.process->bus().in_flight() > 0) {
      return false;
    }
  }
  const auto* partitions = stage_.log->Find(stage_.contract.topic());
  if (partitions == nullptr) return false;
  for (const std::string& name : stage_.groups) {
    const SimGroup& group = stage_.log->GroupOf(name);
    for (size_t i = 0; i < partitions->size(); ++i) {
      const int64_t committed =
          group.committed({stage_.contract.topic(), static_cast<int>(i)});
      if (std::max<int64_t>(committed, 0) <
          static_cast<int64_t>((*partitions)[i].size())) {
        return false;
      }
    }
  }
  return true;
}

Promise<void> Run::UntilQuiet(Run& self) {
  const absl::Duration end = self.stage_.time.elapsed() + kPatience;
  for (;;) {
    co_await Delay(kLook);
    const bool emptied = co_await self.stage_.database->Read(OutboxIsEmpty);
    if (emptied && self.Quiet()) co_return;
    if (self.stage_.time.elapsed() > end) {
      self.stage_.ledger.Fail(
          emptied ? "events are not consumed though all faults have ended"
                  : "the outbox is not emptied though all faults have ended");
      co_return;
    }
  }
}

Promise<void> Run::StopAll(Run& self) {
  for (const Place& place : self.processes_) {
    if (place.process == nullptr || !place.process->alive()) continue;
    const absl::Status status = co_await Process::Stop(place.process);
    if (!status.ok()) {
      self.stage_.ledger.Fail(
          StrCat(place.process->name(), " does not stop: ", status.ToString()));
    }
  }
}

void Run::CheckNothingIsLeft() {
  for (const auto& process : all_) {
    const auto left = [&](int64_t count, const char* what) {
      if (count == 0) return;
      stage_.ledger.Fail(
          StrCat(process->name(), " has left ", count, " ", what));
    };
    left(process->handling(), "handlers that run");
    left(static_cast<int64_t>(process->transport().publishing()),
         "publishes that are not settled");
    // Each stands for a subscription whose coroutines have not all ended.
    left(process->transport().consumers(), "subscriptions that are not gone");
  }
}

// What the tables say, against what was seen.
Promise<void> Run::CheckRows(Run& self) {
  struct Rows {
    int64_t refused;
    int64_t waiting;
    int64_t applied;
    int64_t distinct;
  };
  const Rows rows = co_await self.stage_.database->Read([](store::Tx& tx) {
    const auto count = [&tx](const char* sql) {
      return tx.QueryOne(sql)->Int("n");
    };
    return Rows{count("SELECT COUNT(*) AS n FROM millrace_outbox "
                      "WHERE refused IS NOT NULL"),
                count("SELECT COUNT(*) AS n FROM millrace_outbox "
                      "WHERE refused IS NULL"),
                count("SELECT COUNT(*) AS n FROM applied"),
                count("SELECT COUNT(*) AS n FROM "
                      "(SELECT DISTINCT consumer, text FROM applied)")};
  });
  Ledger& ledger = self.stage_.ledger;
  if (rows.refused != ledger.refused() || rows.waiting != 0) {
    ledger.Fail(StrCat("the outbox has ", rows.refused, " refused rows of ",
                       ledger.refused(), " and ", rows.waiting, " others"));
  }
  if (rows.applied != ledger.applied() || rows.distinct != rows.applied) {
    ledger.Fail(StrCat("the table has ", rows.applied, " effects, ",
                       rows.distinct, " distinct, of ", ledger.applied()));
  }
}

Promise<void> Run::Whole(Run& self) {
  Stage& stage = self.stage_;
  co_await Stage::Open(stage);
  for (int i = 0; i < stage.plan.processes; ++i) {
    self.StartLater(
        i, stage.random.UpTo(absl::Seconds(1)) + absl::Milliseconds(1));
  }
  for (const Step& step : stage.plan.steps) {
    stage.loop.SetTimeout(step.at, [&self, &step] { self.Take(step); });
  }
  for (int i = 0; i < stage.plan.transactions; ++i) {
    const absl::Duration at = absl::Milliseconds(
        stage.random.Below(absl::ToInt64Milliseconds(stage.plan.length)));
    const auto number =
        static_cast<size_t>(stage.random.Below(stage.plan.processes));
    stage.loop.SetTimeout(at, [&self, number] {
      const auto& process = self.processes_[number].process;
      if (process != nullptr) process->Transact();
    });
  }
  co_await Delay(stage.plan.length + absl::Milliseconds(1));
  self.EndChaos();
  co_await UntilQuiet(self);
  co_await StopAll(self);
  // Whoever waits for the last time limit comes to its end.
  co_await Delay(kPatience);
  self.CheckNothingIsLeft();
  if (stage.ledger.failures().empty()) stage.ledger.Finish(stage.groups);
  if (stage.ledger.failures().empty()) co_await CheckRows(self);
  co_await stage.database->Close();
}

}  // namespace

Outcome RunSeed(uint64_t seed, const RunOptions& options) {
  UseSqliteClocks();
  Outcome outcome;
  outcome.plan = MakePlan(seed);
  Stage stage(outcome.plan, options.mutant, options.whole_trace);
  stage.loop.OnUnhandledRejection([&stage](std::exception_ptr error) {
    stage.ledger.Fail(
        StrCat("nobody waits for: ", StatusFrom(error).ToString()));
  });
  Run run(stage);
  const absl::Status ended = AwaitOn(stage.loop, Run::Whole(run));
  if (!ended.ok()) {
    stage.ledger.Fail(StrCat("the simulation failed: ", ended.ToString()));
  }
  outcome.failures = stage.ledger.failures();
  outcome.digest = stage.digest;
  outcome.trace.assign(stage.trace.begin(), stage.trace.end());
  outcome.committed = stage.ledger.committed();
  outcome.applied = stage.ledger.applied();
  outcome.letters = stage.ledger.letters();
  outcome.deliveries = stage.ledger.deliveries;
  outcome.lives = run.lives();
  return outcome;
}

std::string Outcome::ToString() const {
  std::string text;
  for (const std::string& failure : failures) StrAppend(&text, failure, "\n");
  StrAppend(&text, "\n", plan.ToString(), "\nthe end of the trace, in ms:\n");
  for (const std::string& line : trace) StrAppend(&text, "  ", line, "\n");
  StrAppend(&text, "\nalone, with its whole trace: tools/dev bus-simulation 1 ",
            plan.seed, " --trace\n");
  return text;
}

Summary RunSeeds(uint64_t first, int64_t count, int threads,
                 const RunOptions& options) {
  Summary summary;
  std::mutex mutex;
  std::atomic<int64_t> next = 0;
  std::atomic<bool> enough = false;
  const auto work = [&] {
    for (int64_t i = next++; i < count && !enough; i = next++) {
      Outcome outcome = RunSeed(first + static_cast<uint64_t>(i), options);
      const std::lock_guard lock(mutex);
      ++summary.runs;
      summary.committed += outcome.committed;
      summary.applied += outcome.applied;
      summary.letters += outcome.letters;
      summary.deliveries += outcome.deliveries;
      summary.lives += outcome.lives;
      if (outcome.failures.empty()) continue;
      summary.failed.push_back(std::move(outcome));
      enough = summary.failed.size() >= kFailuresTold;
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < std::max(threads, 1); ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  std::sort(summary.failed.begin(), summary.failed.end(),
            [](const Outcome& a, const Outcome& b) {
              return a.plan.seed < b.plan.seed;
            });
  return summary;
}

std::string Summary::ToString() const {
  return StrCat(runs, " runs: ", committed, " events committed, ", deliveries,
                " deliveries, ", applied, " effects, ", letters,
                " dead letters, ", lives, " processes started, ", failed.size(),
                " failures");
}

}  // namespace millrace::bus::sim
