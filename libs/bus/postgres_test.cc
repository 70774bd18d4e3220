// Outbox, relay and inbox on PostgreSQL, with two processes' worth of them on
// one database, and with the server killed under them.

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/inbox.h"
#include "bus/relay.h"
#include "bus/testing/fake_transport.h"
#include "loop/combinators.h"
#include "tests/support/postgres_server.h"

namespace millrace::bus {
namespace {

using google::protobuf::StringValue;
using millrace::testing::PostgresServer;

const google::protobuf::Message& Prototype() {
  return StringValue::default_instance();
}
std::string NoKey(const google::protobuf::Message&) { return ""; }

const EventInfo kSaid{"Said", "test.v1.TestEvents.Said", Prototype, NoKey};

// What one process has of the bus.
struct Process {
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Inbox> inbox;
  std::unique_ptr<OutboxRelay> relay;
};

class BusPostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = PostgresServer::Start();
    if (!server.ok()) GTEST_SKIP() << MessageOf(server.status());
    server_ = *std::move(server);
    contract_.topic = "t";
    contract_.events = absl::MakeConstSpan(&kSaid, 1);
    options_.poll = absl::Milliseconds(100);
    options_.lease = absl::Seconds(2);
    options_.batch_rows = 7;
    options_.backoff = {absl::Milliseconds(10), absl::Milliseconds(100), 2};
  }

  void TearDown() override {
    for (const auto& process : processes_) {
      process->relay.reset();
      (void)Settle(process->database->Close());
    }
  }

  template <typename T>
  StatusOrVoid<T> Settle(Promise<T> promise) {
    const Promise<StatusOrVoid<T>> outcome = AsStatusOr(std::move(promise));
    (void)outcome.Then([this](const StatusOrVoid<T>&) { loop_.Stop(); });
    loop_.Run();
    EXPECT_TRUE(outcome.settled());
    return outcome.value();
  }

  Process& NewProcess(bool with_relay) {
    auto& process = *processes_.emplace_back(std::make_unique<Process>());
    store::DatabaseOptions options;
    options.url = server_->url();
    process.database =
        ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
    EXPECT_EQ(
        Settle(process.database->Migrate(kOutboxModule, Outbox::Migrations())),
        absl::OkStatus());
    EXPECT_EQ(
        Settle(process.database->Migrate(kInboxModule, Inbox::Migrations())),
        absl::OkStatus());
    process.outbox = std::make_unique<Outbox>(*process.database, "/test");
    process.inbox = std::make_unique<Inbox>(*process.database, "group");
    if (with_relay) {
      process.relay = std::make_unique<OutboxRelay>(
          loop_, *process.outbox, transport_, logger_, metrics_, options_);
      EXPECT_EQ(process.relay->Start(), absl::OkStatus());
    }
    return process;
  }

  // Emits "<key>:0" and so on, each after the one before was committed; an
  // outage is waited for.
  static Promise<void> EmitMany(BusPostgresTest& test, Process& process,
                                std::string key, int count) {
    for (int i = 0; i < count; ++i) {
      for (;;) {
        Promise<void> emitting = process.database->Transact(
            [&test, &process, key, i](store::Tx& tx) {
              StringValue payload;
              payload.set_value(StrCat(key, ":", i));
              process.outbox->Emit(tx, test.contract_, kSaid, payload, key);
            });
        const absl::Status status = co_await AsStatusOr(std::move(emitting));
        if (status.ok()) break;
        co_await Delay(absl::Milliseconds(20));
      }
    }
  }

  static Promise<void> UntilPublished(BusPostgresTest& test, size_t distinct) {
    std::set<std::string> seen;
    for (size_t next = 0; seen.size() < distinct;) {
      for (; next < test.transport_.published.size(); ++next) {
        seen.insert(test.transport_.published[next].value);
      }
      co_await Delay(absl::Milliseconds(5));
    }
  }

  // Repetitions may only go back: the first sight of each is in order.
  void ExpectOrderPerKey() {
    std::map<std::string, int> next;
    for (const Record& record : transport_.published) {
      StringValue payload;
      ASSERT_TRUE(payload.ParseFromString(record.value));
      const size_t colon = payload.value().find(':');
      const int number = std::stoi(payload.value().substr(colon + 1));
      int& expected = next[payload.value().substr(0, colon)];
      EXPECT_LE(number, expected) << payload.value();
      expected = std::max(expected, number + 1);
    }
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  FakeTransport transport_;
  ContractInfo contract_;
  RelayOptions options_;
  std::unique_ptr<PostgresServer> server_;
  std::vector<std::unique_ptr<Process>> processes_;
};

TEST_F(BusPostgresTest, TwoRelaysPublishEachEventOnceAndInOrder) {
  Process& a = NewProcess(true);
  Process& b = NewProcess(true);
  std::vector<Promise<void>> emitting;
  for (int key = 0; key < 6; ++key) {
    emitting.push_back(
        EmitMany(*this, key % 2 == 0 ? a : b, StrCat("k", key), 30));
  }
  ASSERT_EQ(Settle(All(std::move(emitting))), absl::OkStatus());
  ASSERT_EQ(Settle(UntilPublished(*this, 180)), absl::OkStatus());
  EXPECT_EQ(transport_.published.size(), 180u);
  ExpectOrderPerKey();
  EXPECT_EQ(Settle(a.relay->Stop(absl::Seconds(10))), absl::OkStatus());
  EXPECT_EQ(Settle(b.relay->Stop(absl::Seconds(10))), absl::OkStatus());
}

TEST_F(BusPostgresTest, ARelayFindsWhatAnotherProcessLeft) {
  NewProcess(true);
  Process& silent = NewProcess(false);
  ASSERT_EQ(Settle(EmitMany(*this, silent, "k", 20)), absl::OkStatus());
  ASSERT_EQ(Settle(UntilPublished(*this, 20)), absl::OkStatus());
  EXPECT_EQ(transport_.published.size(), 20u);
  ExpectOrderPerKey();
}

TEST_F(BusPostgresTest, ManyDeliveriesAtOnceHaveOneEffect) {
  Process& a = NewProcess(false);
  Process& b = NewProcess(false);
  ASSERT_EQ(Settle(a.database->Transact([](store::Tx& tx) {
              tx.Execute("CREATE TABLE effects (text TEXT)");
            })),
            absl::OkStatus());
  EventEnvelope event;
  event.id = "1";
  event.source = "/s";
  std::vector<Promise<bool>> deliveries;
  for (int i = 0; i < 20; ++i) {
    deliveries.push_back(
        (i % 2 == 0 ? a : b).inbox->Once(event, [](store::Tx& tx) {
          tx.Execute("INSERT INTO effects (text) VALUES ('x')");
        }));
  }
  const auto outcomes = Settle(All(std::move(deliveries)));
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ(std::count(outcomes->begin(), outcomes->end(), true), 1);
  const auto effects = Settle(a.database->Read([](store::Tx& tx) {
    return tx.QueryOne("SELECT COUNT(*) AS n FROM effects")->Int("n");
  }));
  EXPECT_EQ(*effects, 1);
}

TEST_F(BusPostgresTest, NothingCommittedIsLostWhenTheServerIsKilled) {
  Process& a = NewProcess(true);
  std::vector<Promise<void>> emitting;
  for (int key = 0; key < 4; ++key) {
    emitting.push_back(EmitMany(*this, a, StrCat("k", key), 50));
  }
  ASSERT_EQ(Settle(UntilPublished(*this, 20)), absl::OkStatus());
  server_->Kill9();
  // Everything runs on against a server that is not there.
  ASSERT_EQ(Settle(Delay(absl::Milliseconds(50))), absl::OkStatus());
  ASSERT_EQ(server_->Restart(), absl::OkStatus());
  ASSERT_EQ(Settle(All(std::move(emitting))), absl::OkStatus());
  ASSERT_EQ(Settle(UntilPublished(*this, 200)), absl::OkStatus());
  ExpectOrderPerKey();
  EXPECT_EQ(Settle(a.relay->Stop(absl::Seconds(10))), absl::OkStatus());
}

}  // namespace
}  // namespace millrace::bus
