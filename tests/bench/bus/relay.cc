// The outbox in a backlog: one relay publishes events that wait in PostgreSQL,
// beside as many requests as the database takes at once, each of which commits
// a change and its event. A relay that is not slower than those needs no second
// one beside it.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench.h"
#include "bus/relay.h"
#include "loop/combinators.h"

namespace millrace::bench {
namespace {

constexpr int kConnections = 8;
constexpr int kRequests = 64;  // at once
constexpr int kEventsPerFill = 500;

Promise<std::unique_ptr<store::Database>> Open(KafkaStage& stage) {
  store::DatabaseOptions options;
  options.url = stage.run().database;
  options.pool_size = kConnections;
  auto database = ValueOrThrow(store::Database::Open(
      stage.loop(), options, stage.logger(), stage.metrics()));
  co_await database->Migrate(bus::kOutboxModule, bus::Outbox::Migrations());
  co_await database->Transact([](store::Tx& tx) {
    tx.Execute("CREATE TABLE IF NOT EXISTS bench_changes (id TEXT)");
    tx.Execute("DELETE FROM millrace_outbox");
  });
  co_return database;
}

void EmitOne(store::Tx& tx, const bus::Outbox& outbox,
             const ContractInfo& contract, int number) {
  const auto payload = MakePayload(number);
  outbox.Emit(tx, contract, contract.events[Created::kIndex], payload,
              payload.user_id());
}

Promise<void> PublishBacklog(KafkaStage& stage) {
  const int count = stage.run().count;
  const auto database = co_await Open(stage);
  const ContractInfo& contract = ContractOn(stage.run().topic);
  bus::Outbox outbox(*database, "/bench");
  for (int from = 0; from < count; from += kEventsPerFill) {
    const int end = std::min(count, from + kEventsPerFill);
    co_await database->Transact([&](store::Tx& tx) {
      for (int i = from; i < end; ++i) EmitOne(tx, outbox, contract, i);
    });
  }
  bus::OutboxRelay relay(stage.loop(), outbox, stage.transport(),
                         stage.logger(), stage.metrics());
  const Stopwatch watch;
  ThrowIfError(relay.Start());
  co_await relay.Stop(absl::Minutes(5));  // when all is published
  watch.Print(count);
  co_await database->Close();
}

struct Requests {
  store::Database& database;
  const bus::Outbox& outbox;
  const ContractInfo& contract;
  const int count;
  int begun = 0;
};

Promise<void> AnswerRequests(Requests& requests) {
  while (requests.begun < requests.count) {
    const int number = requests.begun++;
    co_await requests.database.Transact([&](store::Tx& tx) {
      tx.Execute("INSERT INTO bench_changes VALUES (:id)",
                 {{"id", std::to_string(number)}});
      EmitOne(tx, requests.outbox, requests.contract, number);
    });
  }
}

Promise<void> CommitAll(KafkaStage& stage) {
  const auto database = co_await Open(stage);
  const bus::Outbox outbox(*database, "/bench");
  Requests requests{*database, outbox, ContractOn(stage.run().topic),
                    stage.run().count};
  const Stopwatch watch;
  std::vector<Promise<void>> answering;
  for (int i = 0; i < kRequests; ++i) {
    answering.push_back(AnswerRequests(requests));
  }
  co_await All(std::move(answering));
  watch.Print(requests.count);
  co_await database->Close();
}

}  // namespace

void RelayOurs(const Run& run) { KafkaStage(run).Go(&PublishBacklog); }
void RelayFloor(const Run& run) { KafkaStage(run).Go(&CommitAll); }

}  // namespace millrace::bench
