#include "bus/relay.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/outbox_sql.h"
#include "bus/testing/fake_transport.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

using google::protobuf::StringValue;
using testing::ElementsAre;

const google::protobuf::Message& Prototype() {
  return StringValue::default_instance();
}
std::string NoKey(const google::protobuf::Message&) { return ""; }

const EventInfo kSaid{"Said", "test.v1.TestEvents.Said", Prototype, NoKey};

ContractInfo TestContract() {
  ContractInfo contract;
  contract.topic = "t";
  contract.partitions = 3;
  contract.retention = absl::Hours(1);
  contract.events = absl::MakeConstSpan(&kSaid, 1);
  return contract;
}

// Keeps what its gauges show.
class GaugeMetrics final : public Metrics {
 public:
  Counter& AddCounter(const std::string& name, const std::string& help,
                      const Labels& labels) override {
    return null_.AddCounter(name, help, labels);
  }
  Gauge& AddGauge(const std::string& name, const std::string&,
                  const Labels&) override {
    return gauges[name];
  }
  Histogram& AddHistogram(const std::string& name, const std::string& help,
                          const Labels& labels,
                          const std::vector<double>& buckets) override {
    return null_.AddHistogram(name, help, labels, buckets);
  }

  struct Shown final : Gauge {
    void Set(double now) override { value = now; }
    void Add(double by) override { value += by; }
    double value = 0;
  };
  std::map<std::string, Shown> gauges;

 private:
  NullMetrics null_;
};

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    store::DatabaseOptions options;
    options.url = "sqlite::memory:";
    database_ =
        ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
    (void)Settle(database_->Migrate(kOutboxModule, Outbox::Migrations()));
    outbox_ = std::make_unique<Outbox>(*database_, "/test");
    options_.backoff = {absl::Milliseconds(1), absl::Milliseconds(2), 2};
    options_.contracts = {&contract_};
  }
  ~RelayTest() override {
    relay_.reset();
    (void)Settle(database_->Close());
  }

  void StartRelay() {
    relay_ = std::make_unique<OutboxRelay>(loop_, *outbox_, transport_, logger_,
                                           metrics_, options_);
    ASSERT_TRUE(relay_->Start().ok());
  }

  template <typename T>
  StatusOrVoid<T> Settle(Promise<T> promise) {
    const Promise<StatusOrVoid<T>> outcome = AsStatusOr(std::move(promise));
    loop_.Run();
    EXPECT_TRUE(outcome.settled());
    return outcome.value();
  }

  // While a relay that looks by itself keeps the loop awake.
  void RunUntil(const std::function<bool()>& done) {
    const int64_t patience = loop_.TimeMs() + 20'000;
    bool stuck = false;
    Timer check = loop_.SetInterval(absl::Milliseconds(1), [&] {
      stuck = loop_.TimeMs() > patience;
      if (done() || stuck) loop_.Stop();
    });
    loop_.Run();
    check.Clear();
    EXPECT_FALSE(stuck) << "waited for too long";
  }

  absl::Status Emit(const std::string& text, CallContext context = {}) {
    return Settle(database_->Transact(context, [this, text](store::Tx& tx) {
      StringValue payload;
      payload.set_value(text);
      outbox_->Emit(tx, contract_, kSaid, payload, "k");
    }));
  }

  std::vector<std::string> Published() {
    std::vector<std::string> texts;
    for (const Record& record : transport_.published) {
      StringValue payload;
      EXPECT_TRUE(payload.ParseFromString(record.value));
      texts.push_back(payload.value());
    }
    return texts;
  }

  int64_t Rows(const std::string& where = "1 = 1") {
    return *Settle(database_->Read([where](store::Tx& tx) {
      return tx
          .QueryOne(
              StrCat("SELECT COUNT(*) AS n FROM millrace_outbox WHERE ", where))
          ->Int("n");
    }));
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  FakeTransport transport_;
  const ContractInfo contract_ = TestContract();
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Outbox> outbox_;
  RelayOptions options_;
  std::unique_ptr<OutboxRelay> relay_;
};

TEST_F(RelayTest, PublishesWhatIsThereAtTheStart) {
  ASSERT_TRUE(Emit("left by another process").ok());
  StartRelay();
  loop_.Run();
  EXPECT_THAT(Published(), ElementsAre("left by another process"));
  EXPECT_EQ(Rows(), 0);
}

TEST_F(RelayTest, WakesOnCommitAndSleepsOtherwise) {
  StartRelay();
  loop_.Run();  // ends: an idle relay keeps nothing awake
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Emit(StrCat(i)).ok());
  EXPECT_THAT(Published(), ElementsAre("0", "1", "2"));
  const uint64_t turns = loop_.turns();
  loop_.Run();
  EXPECT_LE(loop_.turns(), turns + 1);
}

TEST_F(RelayTest, WhatWasRolledBackIsNeverPublished) {
  StartRelay();
  const absl::Status status = Settle(database_->Transact([this](store::Tx& tx) {
    outbox_->Emit(tx, contract_, kSaid, StringValue(), "k");
    Throw(absl::AbortedError("no"));
  }));
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(transport_.published.empty());
}

TEST_F(RelayTest, EventsSayWhoWhenAndWhy) {
  CallContext context;
  context.trace = TraceContext::NewRoot();
  context.causation_id = "cause";
  context.identity.subject = "user:ada";
  context.baggage = "tenant=7";
  StartRelay();
  ASSERT_TRUE(Emit("x", context).ok());
  ASSERT_EQ(transport_.published.size(), 1u);
  const auto event = DecodeEvent(transport_.published[0]);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->source, "/test");
  EXPECT_EQ(event->type, "test.v1.TestEvents.Said");
  EXPECT_EQ(event->key, "k");
  EXPECT_EQ(event->trace.trace_id, context.trace.trace_id);
  EXPECT_NE(event->trace.span_id, context.trace.span_id);
  EXPECT_EQ(event->extensions, (Metadata{{"actor", "user:ada"},
                                         {"causationid", "cause"},
                                         {"baggage", "tenant=7"}}));
  EXPECT_EQ(event->expires, absl::InfiniteFuture());
  EXPECT_EQ(transport_.published[0].headers.Find("ce_causationid"), "cause");
}

TEST_F(RelayTest, WaitsWhileTheTransportIsAwayAndKeepsTheOrder) {
  int failures = 0;
  transport_.on_publish = [&](const std::vector<Record>&) {
    return ++failures <= 5 ? absl::UnavailableError("broker away")
                           : absl::OkStatus();
  };
  options_.batch_rows = 3;
  StartRelay();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Emit(StrCat(i)).ok());
  loop_.Run();
  EXPECT_THAT(Published(),
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_EQ(Rows(), 0);
  EXPECT_TRUE(relay_->health().ok());
}

TEST_F(RelayTest, StopTellsThatRowsAreLeft) {
  transport_.on_publish = [](const std::vector<Record>&) {
    return absl::UnavailableError("broker away");
  };
  ASSERT_TRUE(Emit("x").ok());
  StartRelay();
  EXPECT_EQ(Settle(relay_->Stop(absl::Milliseconds(20))).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(relay_->health().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Rows(), 1);
}

TEST_F(RelayTest, StopPublishesWhatIsThere) {
  StartRelay();
  for (int i = 0; i < 5; ++i) {
    (void)database_->Transact([this](store::Tx& tx) {
      outbox_->Emit(tx, contract_, kSaid, StringValue(), "k");
    });
  }
  ASSERT_TRUE(Settle(database_->Ping()).ok());
  EXPECT_TRUE(Settle(relay_->Stop(absl::Seconds(10))).ok());
  EXPECT_EQ(transport_.published.size(), 5u);
  EXPECT_EQ(Rows(), 0);
}

TEST_F(RelayTest, ARecordThatIsRefusedIsSetAsideAndTheOthersGoOn) {
  transport_.on_publish = [](const std::vector<Record>& records) {
    for (const Record& record : records) {
      if (record.value.find("bad") != std::string::npos) {
        return absl::InvalidArgumentError("too large");
      }
    }
    return absl::OkStatus();
  };
  ASSERT_TRUE(Emit("a").ok());
  ASSERT_TRUE(Emit("bad").ok());
  ASSERT_TRUE(Emit("c").ok());
  StartRelay();
  loop_.Run();
  EXPECT_THAT(Published(), ElementsAre("a", "c"));
  EXPECT_EQ(Rows(), 1);
  EXPECT_EQ(Rows("refused = 'too large'"), 1);
}

TEST_F(RelayTest, AMissingTopicIsMadeAsItsContractSays) {
  transport_.on_publish = [this](const std::vector<Record>&) {
    return transport_.ensured.empty() ? absl::NotFoundError("no topic")
                                      : absl::OkStatus();
  };
  ASSERT_TRUE(Emit("x").ok());
  StartRelay();
  loop_.Run();
  ASSERT_EQ(transport_.ensured.size(), 1u);
  EXPECT_EQ(transport_.ensured[0].name, "t");
  EXPECT_EQ(transport_.ensured[0].partitions, 3);
  EXPECT_EQ(transport_.ensured[0].retention, absl::Hours(1));
  EXPECT_THAT(Published(), ElementsAre("x"));
}

TEST_F(RelayTest, AMissingTopicMayBeThatOfAnExtendedContract) {
  const ContractInfo* const bases[] = {&contract_};
  ContractInfo wide;
  wide.full_name = "test.v1.WideEvents";
  wide.bases = bases;
  options_.contracts = {&wide};
  transport_.on_publish = [this](const std::vector<Record>&) {
    return transport_.ensured.empty() ? absl::NotFoundError("no topic")
                                      : absl::OkStatus();
  };
  ASSERT_TRUE(Emit("x").ok());
  StartRelay();
  loop_.Run();
  ASSERT_EQ(transport_.ensured.size(), 1u);
  EXPECT_EQ(transport_.ensured[0].partitions, 3);
  relay_.reset();  // which has `wide`
}

TEST_F(RelayTest, BatchesAreBoundedInBytes) {
  options_.batch_bytes = 1000;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(Emit(std::string(400, static_cast<char>('a' + i))).ok());
  }
  ASSERT_TRUE(Emit(std::string(5000, 'z')).ok());
  StartRelay();
  loop_.Run();
  EXPECT_EQ(transport_.publishes, 4);  // two, two, two, and the large one
  EXPECT_EQ(transport_.published.size(), 7u);
}

TEST_F(RelayTest, TooLargeAPayloadIsRefusedWhenItIsEmitted) {
  const absl::Status status = Emit(std::string(1 << 20, 'x'));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)),
              testing::HasSubstr("test.v1.TestEvents.Said has 1048"));
  EXPECT_EQ(Rows(), 0);
}

// Two relays on one database: the lease lets one publish at a time, so that
// each row goes out once, in order.
TEST_F(RelayTest, TwoRelaysThatShareADatabasePublishOnce) {
  options_.shared = true;
  options_.batch_rows = 5;
  options_.poll = absl::Milliseconds(10);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Emit(StrCat(i)).ok());
  Outbox second_outbox(*database_, "/test");
  StartRelay();
  OutboxRelay second(loop_, second_outbox, transport_, logger_, metrics_,
                     options_);
  ASSERT_TRUE(second.Start().ok());
  const Promise<absl::Status> first_stop =
      AsStatusOr(relay_->Stop(absl::Seconds(20)));
  EXPECT_TRUE(Settle(second.Stop(absl::Seconds(20))).ok());
  EXPECT_TRUE(first_stop.settled() && first_stop.value().ok());
  std::vector<std::string> all;
  for (int i = 0; i < 100; ++i) all.push_back(StrCat(i));
  EXPECT_EQ(Published(), all);
  EXPECT_EQ(Rows(), 0);
}

TEST_F(RelayTest, AnIdleRelayThatFindsItsDatabaseAgainIsWell) {
  const auto rename = [this](const std::string& from, const std::string& to) {
    const auto renamed =
        AsStatusOr(database_->Transact([from, to](store::Tx& tx) {
          tx.Script(StrCat("ALTER TABLE ", from, " RENAME TO ", to));
        }));
    RunUntil([&] { return renamed.settled(); });
    ASSERT_TRUE(renamed.value().ok()) << renamed.value();
  };
  options_.shared = true;
  options_.poll = absl::Milliseconds(10);
  GaugeMetrics metrics;
  const auto& waiting = metrics.gauges["millrace_bus_outbox_waiting"];
  OutboxRelay relay(loop_, *outbox_, transport_, logger_, metrics, options_);
  ASSERT_TRUE(relay.Start().ok());
  rename("millrace_outbox", "hidden");
  RunUntil([&] { return !relay.health().ok(); });
  EXPECT_EQ(waiting.value, 1);
  rename("hidden", "millrace_outbox");
  RunUntil([&] { return relay.health().ok(); });
  EXPECT_TRUE(relay.health().ok()) << relay.health();
  EXPECT_EQ(waiting.value, 0);
  EXPECT_TRUE(Settle(relay.Stop(absl::Seconds(20))).ok());
}

TEST_F(RelayTest, ALeaseIsTakenOverWhenItsOwnerIsGone) {
  const auto take = [this](const std::string& owner) {
    return *Settle(database_->Transact([owner](store::Tx& tx) {
      return TakeLease(tx, owner, absl::Seconds(10));
    }));
  };
  const auto age = [this](const std::string& by) {
    return Settle(database_->Transact([by](store::Tx& tx) {
      tx.Execute(StrCat(
          "UPDATE millrace_outbox_lease SET until_ms = until_ms + ", by));
    }));
  };
  EXPECT_TRUE(take("a"));
  EXPECT_FALSE(take("b"));
  EXPECT_TRUE(take("a"));  // renewed
  ASSERT_TRUE(age("-10001").ok());
  EXPECT_TRUE(take("b"));
  EXPECT_FALSE(take("a"));
  // The clock was set back by an hour since.
  ASSERT_TRUE(age("3600000").ok());
  EXPECT_TRUE(take("a"));
}

TEST_F(RelayTest, RefusesOptionsThatCannotWork) {
  options_.batch_rows = 0;
  OutboxRelay relay(loop_, *outbox_, transport_, logger_, metrics_, options_);
  EXPECT_EQ(relay.Start().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace::bus
