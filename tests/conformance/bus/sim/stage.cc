#include "tests/conformance/bus/sim/stage.h"

#include <utility>

#include "base/random.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/inbox.h"
#include "bus/outbox.h"

namespace millrace::bus::sim {
namespace {

constexpr char kTopic[] = "events";
constexpr size_t kTraceEnd = 150;

}  // namespace

Stage::Stage(Plan the_plan, std::shared_ptr<Mutant> the_mutant,
             bool whole_trace)
    : plan(std::move(the_plan)),
      mutant(std::move(the_mutant)),
      time(loop, absl::FromUnixSeconds(1'800'000'000)),
      sqlite_clock(time),
      random(plan.seed ^ 0x5eed),
      log(std::make_shared<SimLog>(loop, plan.seed ^ 0x106, plan.faults)),
      contract(kTopic, plan.partitions, plan.retry),
      ledger(*log, contract.topic(), contract.dead_letter_topic()),
      whole_trace_(whole_trace) {
  SeedRandomBits(plan.seed);
  for (int i = 0; i < plan.groups; ++i) groups.push_back(StrCat("group", i));
  log->on_note = [this](const std::string& text) { Note(text); };
  log->on_append = [this](const Record& record) { ledger.Appended(record); };
  log->on_commit = [this](const std::string& group, const TopicPartition& id,
                          const Progress& progress) {
    Note(StrCat(group, " commits ", NameOf(id), "@", progress.next_offset, " ",
                FinishedToText(progress)));
    ledger.ProgressCommitted(group, id, progress);
  };
}

Stage::~Stage() {
  log->on_note = nullptr;
  log->on_append = nullptr;
  log->on_commit = nullptr;
}

void Stage::Note(const std::string& text) {
  std::string line =
      StrCat(absl::ToInt64Milliseconds(time.elapsed()), " ", text);
  for (const char c : line) {
    digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  trace.push_back(std::move(line));
  if (!whole_trace_ && trace.size() > kTraceEnd) trace.pop_front();
}

Promise<void> Stage::Open(Stage& stage) {
  store::DatabaseOptions options;
  options.url = "sqlite::memory:";
  options.on_loop = true;
  stage.database = ValueOrThrow(
      store::Database::Open(stage.loop, options, stage.logger, stage.metrics));
  co_await stage.database->Migrate(kOutboxModule, Outbox::Migrations());
  co_await stage.database->Migrate(kInboxModule, Inbox::Migrations());
  std::vector<store::Migration> own(1);
  own[0] = {
      1, "own",
      "CREATE TABLE changes (text TEXT NOT NULL);"
      "CREATE TABLE applied (consumer TEXT NOT NULL, text TEXT NOT NULL)"};
  co_await stage.database->Migrate("simulation", std::move(own));
}

}  // namespace millrace::bus::sim
