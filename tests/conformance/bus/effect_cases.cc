// Cases of effects: outbox and inbox on a database, over the transport.

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "bus/relay.h"
#include "google/protobuf/wrappers.pb.h"
#include "loop/combinators.h"
#include "store/database.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

// A service's database: a table of its own, outbox and inbox.
struct Service {
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Inbox> inbox;
};

Promise<std::unique_ptr<Service>> NewService(BusConformance& test) {
  auto service = std::make_unique<Service>();
  store::DatabaseOptions options;
  options.url = "sqlite::memory:";
  service->database = ValueOrThrow(store::Database::Open(
      test.loop(), options, test.logger(), test.metrics()));
  co_await service->database->Migrate(kOutboxModule, Outbox::Migrations());
  co_await service->database->Migrate(kInboxModule, Inbox::Migrations());
  std::vector<store::Migration> own(1);
  own[0] = {1, "own", "CREATE TABLE effects (text TEXT NOT NULL)"};
  co_await service->database->Migrate("test", std::move(own));
  service->outbox =
      std::make_unique<Outbox>(*service->database, "/conformance");
  service->inbox = std::make_unique<Inbox>(*service->database, "group");
  co_return service;
}

void Emit(store::Tx& tx, const Outbox& outbox, const TestContract& contract,
          const std::string& key, const std::string& text) {
  google::protobuf::StringValue payload;
  payload.set_value(StrCat(key, ":", text));
  outbox.Emit(tx, contract.info(), contract.said(), payload, key);
}

void AddEffect(store::Tx& tx, const std::string& text) {
  tx.Execute("INSERT INTO effects (text) VALUES (:text)",
             store::Params{{"text", text}});
}

std::vector<std::string> Effects(store::Tx& tx) {
  std::vector<std::string> texts;
  for (const store::Row& row :
       tx.Query("SELECT text FROM effects ORDER BY rowid")) {
    texts.push_back(row.Text("text"));
  }
  return texts;
}

// 22: published if and only if the transaction committed, in order per key.
Promise<void> OutboxCommitRollback(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  const auto service = co_await NewService(test);
  OutboxRelay relay(test.loop(), *service->outbox, test.transport(),
                    test.logger(), test.metrics());
  ThrowIfError(relay.Start());
  for (int i = 0; i < 50; ++i) {
    const bool commit = i % 2 == 0;
    const auto work = [&service = *service, &contract = *contract, i,
                       commit](store::Tx& tx) {
      Emit(tx, *service.outbox, contract, "k", StrCat(i));
      AddEffect(tx, StrCat("k:", i));
      if (!commit) Throw(absl::AbortedError("rolled back"));
    };
    const absl::Status status =
        co_await AsStatusOr(service->database->Transact(work));
    EXPECT_EQ(status.ok(), commit);
  }
  co_await relay.Stop(absl::Seconds(20));
  const std::vector<Record> records =
      co_await ReadAll(test.transport(), contract->topic());
  std::vector<std::string> published;
  for (const Record& record : records) {
    const auto event = DecodeEvent(record);
    published.push_back(event.ok() ? TextOf(*event) : "(no event)");
  }
  const std::vector<std::string> effects =
      co_await service->database->Read(Effects);
  EXPECT_EQ(effects.size(), 25u);
  EXPECT_EQ(published, effects);
  co_await service->database->Close();
}

TEST_P(BusConformance, Case22OutboxCommitRollback) {
  Run(OutboxCommitRollback);
}

// Applies events through the inbox.
class Applier final : public EventListener {
 public:
  using Effect = void (*)(store::Tx& tx, const std::string& text);
  Applier(Inbox& inbox, Effect effect) : inbox_(inbox), effect_(effect) {}

  Promise<void> Deliver(const EventEnvelope& event) override {
    return Apply(*this, event);
  }
  int delivered = 0;

 private:
  static Promise<void> Apply(Applier& self, const EventEnvelope& event) {
    const auto effects = [effect = self.effect_, text = TextOf(event)](
                             store::Tx& tx) { effect(tx, text); };
    // Apart from the co_await: within it, GCC 12 destroys captures twice.
    Promise<bool> once = self.inbox_.Once(event, effects);
    co_await std::move(once);
    ++self.delivered;
  }

  Inbox& inbox_;
  const Effect effect_;
};

// 23: the same id three times, one effect.
Promise<void> InboxDuplicate(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  const auto service = co_await NewService(test);
  Bus& bus = test.NewBus();
  Applier applier(*service->inbox, AddEffect);
  ThrowIfError(bus.Subscribe(contract->info(), "group", applier));
  std::vector<Record> records;
  for (int i = 0; i < 5; ++i) {
    google::protobuf::StringValue payload;
    payload.set_value(StrCat("k", i, ":x"));
    EventEnvelope event;
    event.id = StrCat("id", i);
    event.type = "test.v1.TestEvents.Said";
    event.source = "/s";
    event.key = StrCat("k", i);
    event.payload = payload.SerializeAsString();
    for (int copy = 0; copy < 3; ++copy) {
      records.push_back(EncodeEvent(event, contract->topic()));
    }
  }
  co_await test.transport().Publish(std::move(records));
  co_await test.Until([&] { return applier.delivered == 15; }, "15 deliveries");
  std::vector<std::string> effects = co_await service->database->Read(Effects);
  std::sort(effects.begin(), effects.end());
  EXPECT_EQ(effects,
            (std::vector<std::string>{"k0:x", "k1:x", "k2:x", "k3:x", "k4:x"}));
  co_await bus.Drain(absl::Seconds(10));
  co_await service->database->Close();
}

TEST_P(BusConformance, Case23InboxDuplicate) { Run(InboxDuplicate); }

// Fails after its effects are there, until it is told not to.
class LateToFail final : public EventListener {
 public:
  explicit LateToFail(Inbox& inbox) : inbox_(inbox) {}

  Promise<void> Deliver(const EventEnvelope& event) override {
    return Apply(*this, event);
  }
  bool broken = true;
  int done = 0;

 private:
  static Promise<void> Apply(LateToFail& self, const EventEnvelope& event) {
    const auto effects = [text = TextOf(event)](store::Tx& tx) {
      AddEffect(tx, text);
    };
    Promise<bool> once = self.inbox_.Once(event, effects);
    co_await std::move(once);
    if (self.broken) Throw(absl::InvalidArgumentError("too late"));
    ++self.done;
  }

  Inbox& inbox_;
};

// A dead letter whose event had its effects has no second ones when it is
// replayed, for its event keeps its id.
Promise<void> ReplayOfWhatWasApplied(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  const auto service = co_await NewService(test);
  Bus& bus = test.NewBus();
  LateToFail listener(*service->inbox);
  ThrowIfError(bus.Subscribe(contract->info(), "group", listener));
  co_await SayMany(bus, *contract, "k", 3);
  std::vector<std::string> effects;
  while (effects.size() < 3) {
    co_await Delay(absl::Milliseconds(5));
    effects = co_await service->database->Read(Effects);
  }
  size_t letters = 0;
  while (letters < 3) {
    co_await Delay(absl::Milliseconds(5));
    const DeadLetterPage page = co_await bus.ListDeadLetters();
    letters = page.letters.size();
  }
  listener.broken = false;
  const auto replayed = co_await bus.ReplayDeadLetters({});
  EXPECT_EQ(replayed.letters.size(), 3u);
  co_await test.Until([&] { return listener.done == 3; }, "3 replays");
  effects = co_await service->database->Read(Effects);
  EXPECT_EQ(effects, (std::vector<std::string>{"k:0", "k:1", "k:2"}));
  co_await bus.Drain(absl::Seconds(10));
  co_await service->database->Close();
}

TEST_P(BusConformance, ReplayHasNoSecondEffect) { Run(ReplayOfWhatWasApplied); }

// 24: an action that fails leaves neither effects nor the note that it ran.
void FailHalfway(store::Tx& tx, const std::string& text) {
  AddEffect(tx, text);
  const auto tries = tx.Query("SELECT text FROM attempts");
  if (tries.empty()) Throw(absl::InternalError("half way"));
}

Promise<void> FailingActionCommitsNothing(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(1'000'000));
  const auto service = co_await NewService(test);
  std::vector<store::Migration> attempts(1);
  attempts[0] = {1, "attempts", "CREATE TABLE attempts (text TEXT)"};
  co_await service->database->Migrate("attempts", std::move(attempts));
  Bus& bus = test.NewBus();
  Applier applier(*service->inbox, FailHalfway);
  Recorder& recorder =
      test.Keep<Recorder>([&applier](const EventEnvelope& event) {
        return applier.Deliver(event);
      });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await Say(bus, *contract, "k", "x");
  co_await test.Until([&] { return recorder.begun().size() >= 5; },
                      "some failures");
  const std::vector<std::string> none =
      co_await service->database->Read(Effects);
  EXPECT_EQ(none, std::vector<std::string>());
  co_await service->database->Transact([](store::Tx& tx) {
    tx.Execute("INSERT INTO attempts (text) VALUES ('go')");
  });
  co_await test.Until([&] { return applier.delivered == 1; }, "the success");
  const std::vector<std::string> once =
      co_await service->database->Read(Effects);
  EXPECT_EQ(once, (std::vector<std::string>{"k:x"}));
  co_await bus.Drain(absl::Seconds(10));
  co_await service->database->Close();
}

TEST_P(BusConformance, Case24FailingActionCommitsNothing) {
  Run(FailingActionCommitsNothing);
}

}  // namespace
}  // namespace millrace::bus::conformance
