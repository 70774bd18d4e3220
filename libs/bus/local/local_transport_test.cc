// What the embedded transport does beyond the conformance suite: retention,
// and what is left after a restart.

#include "bus/local/local_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "bus/bus.h"
#include "bus/codec.h"
#include "bus/testing/subscription_fixture.h"
#include "loop/combinators.h"

namespace millrace::bus::local {
namespace {

using testing::ElementsAre;

class LocalTransportTest : public testing::Test {
 protected:
  LocalTransportTest() {
    store::DatabaseOptions options;
    options.url = "sqlite::memory:";
    database_ =
        ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
  }
  ~LocalTransportTest() override {
    transport_.reset();
    (void)Settle(database_->Close());
  }

  void Open(LocalOptions options = {}) {
    transport_.reset();
    const auto opening = AsStatusOr(LocalTransport::Open(
        loop_, *database_, clock_, logger_, metrics_, options));
    loop_.Run();
    ASSERT_TRUE(opening.settled());
    ASSERT_TRUE(opening.value().ok()) << opening.value().status();
    transport_ =
        std::move(const_cast<absl::StatusOr<std::unique_ptr<LocalTransport>>&>(
                      opening.value())
                      .value());
  }

  template <typename T>
  StatusOrVoid<T> Settle(Promise<T> promise) {
    const Promise<StatusOrVoid<T>> outcome = AsStatusOr(std::move(promise));
    loop_.Run();
    EXPECT_TRUE(outcome.settled());
    return outcome.value();
  }

  void Publish(const std::string& value, const std::string& topic = "t") {
    Record record;
    record.topic = topic;
    record.key = "k";
    record.value = value;
    ASSERT_EQ(Settle(transport_->Publish({record})), absl::OkStatus());
  }

  // On topic "t", which is the contract's.
  void PublishEvent(const std::string& id) {
    EventEnvelope event;
    event.id = id;
    event.type = "test.Events.Happened";
    event.source = "/test";
    event.time = clock_.Now();
    ASSERT_TRUE(Settle(transport_->Publish({EncodeEvent(event, "t")})).ok());
  }
  static const ContractInfo& Contract() {
    static constexpr EventInfo kEvents[1] = {};
    static const ContractInfo contract = {
        .full_name = "test.Events", .topic = "t", .events = kEvents};
    return contract;
  }

  void MakeTopic(const std::string& name, int partitions,
                 absl::Duration retention) {
    ASSERT_EQ(Settle(transport_->EnsureTopics({{name, partitions, retention}})),
              absl::OkStatus());
  }

  static Promise<std::vector<std::string>> ReadValues(Transport& transport,
                                                      std::string topic) {
    std::vector<std::string> topics(1, std::move(topic));
    Stream<Record> stream =
        transport.Tail(std::move(topics), TailFrom::kBeginning, false);
    std::vector<std::string> values;
    while (std::optional<Record> record = co_await stream.Next()) {
      values.push_back(record->value);
    }
    co_return values;
  }

  std::vector<std::string> Values(const std::string& topic = "t") {
    return *Settle(ReadValues(*transport_, topic));
  }

  EventLoop loop_;
  FakeClock clock_;
  NullLogger logger_;
  NullMetrics metrics_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<LocalTransport> transport_;
};

TEST_F(LocalTransportTest, KeepsTopicsRecordsAndOffsetsThroughARestart) {
  Open();
  MakeTopic("t", 3, absl::Hours(1));
  Publish("a");
  ASSERT_EQ(Settle(transport_->Close(absl::Seconds(5))), absl::OkStatus());
  Open();
  EXPECT_THAT(Values(), ElementsAre("a"));
  Publish("b");
  EXPECT_THAT(Values(), ElementsAre("a", "b"));
  const auto offsets = Settle(transport_->Offsets("group", {"t"}));
  ASSERT_TRUE(offsets.ok());
  EXPECT_EQ(offsets->size(), 3u);
  EXPECT_EQ((*offsets)[0].committed, -1);
}

TEST_F(LocalTransportTest, EnsureTopicsLeavesWhatThereIs) {
  Open();
  MakeTopic("t", 3, absl::Hours(1));
  Publish("a");
  MakeTopic("t", 5, absl::Hours(1));
  EXPECT_EQ(Settle(transport_->Offsets("group", {"t"}))->size(), 3u);
  EXPECT_THAT(Values(), ElementsAre("a"));
}

TEST_F(LocalTransportTest, DeletesWhatIsPastItsRetention) {
  LocalOptions options;
  options.clean_batch = 2;  // several rounds
  Open(options);
  MakeTopic("short", 1, absl::Hours(1));
  MakeTopic("long", 1, absl::Hours(48));
  MakeTopic("ever", 1, absl::InfiniteDuration());
  for (int i = 0; i < 5; ++i) {
    for (const char* topic : {"short", "long", "ever"}) {
      Publish(StrCat(i), topic);
    }
  }
  clock_.Advance(absl::Hours(2));
  Publish("new", "short");
  ASSERT_EQ(Settle(transport_->Clean()), absl::OkStatus());
  EXPECT_THAT(Values("short"), ElementsAre("new"));
  EXPECT_EQ(Values("long").size(), 5u);
  EXPECT_EQ(Values("ever").size(), 5u);
  const auto offsets = Settle(transport_->Offsets("group", {"short"}));
  EXPECT_EQ((*offsets)[0].begin, 5);
  EXPECT_EQ((*offsets)[0].end, 6);
  EXPECT_EQ((*offsets)[0].lag(), 1);
}

TEST_F(LocalTransportTest, CleansByTheWayAndOffsetsGoOn) {
  LocalOptions options;
  options.clean_interval = absl::ZeroDuration();
  Open(options);
  MakeTopic("t", 1, absl::Hours(1));
  Publish("old");
  clock_.Advance(absl::Hours(2));
  Publish("new");
  EXPECT_THAT(Values(), ElementsAre("new"));
  clock_.Advance(absl::Hours(2));
  ASSERT_EQ(Settle(transport_->Clean()), absl::OkStatus());
  EXPECT_TRUE(Values().empty());
  Open();
  Publish("newer");
  const auto offsets = Settle(transport_->Offsets("group", {"t"}));
  EXPECT_EQ((*offsets)[0].begin, 2);
  EXPECT_EQ((*offsets)[0].end, 3);
}

// What a tail that comes back is told of.
TEST_F(LocalTransportTest, TailAtBeginsWithWhatIsKept) {
  Open();
  MakeTopic("t", 1, absl::Hours(1));
  Publish("old");
  clock_.Advance(absl::Hours(2));
  Publish("new");
  ASSERT_EQ(Settle(transport_->Clean()), absl::OkStatus());
  Stream<Record> stream = transport_->TailAt({{{"t", 0}, 0}}, false);
  const auto first = Settle(stream.Next());
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ((*first)->value, "new");
  const auto last = Settle(stream.Next());
  ASSERT_TRUE(last.ok());
  EXPECT_FALSE(last->has_value());
  EXPECT_EQ(
      Settle(transport_->TailAt({{{"u", 0}, 0}}, false).Next()).status().code(),
      absl::StatusCode::kNotFound);
}

Promise<std::vector<Tailed>> ReadTail(Stream<Tailed> stream) {
  std::vector<Tailed> all;
  while (std::optional<Tailed> one = co_await stream.Next()) {
    all.push_back(*std::move(one));
  }
  co_return all;
}

TEST_F(LocalTransportTest, TailThatComesBackTooLateIsTold) {
  Open();
  MakeTopic("t", 1, absl::Hours(1));
  Bus bus(loop_, *transport_, logger_, metrics_);
  const auto tail = [&](const std::string& after) {
    TailOptions options;
    options.from = TailFrom::kBeginning;
    options.follow = false;
    auto all = Settle(ReadTail(bus.TailAfter({&Contract()}, options, after)));
    EXPECT_TRUE(all.ok()) << all.status();
    return all.ok() ? *all : std::vector<Tailed>();
  };
  PublishEvent("a");
  PublishEvent("b");
  const std::vector<Tailed> first = tail("");
  ASSERT_EQ(first.size(), 3u);
  EXPECT_FALSE(first[0].event.has_value());
  EXPECT_FALSE(first[0].missed);
  EXPECT_EQ(first[1].event->id, "a");

  clock_.Advance(absl::Hours(2));
  PublishEvent("c");
  ASSERT_EQ(Settle(transport_->Clean()), absl::OkStatus());
  // "b" is gone, and nobody is left to believe that it was not there.
  const std::vector<Tailed> late = tail(first[1].position);
  ASSERT_EQ(late.size(), 2u);
  EXPECT_TRUE(late[0].missed);
  EXPECT_EQ(late[1].event->id, "c");
  // Who has seen it misses nothing.
  const std::vector<Tailed> soon = tail(first[2].position);
  ASSERT_EQ(soon.size(), 2u);
  EXPECT_FALSE(soon[0].missed);
  EXPECT_EQ(soon[1].event->id, "c");
}

// One that is connected, and slower than the events come and go.
TEST_F(LocalTransportTest, TailThatIsOvertakenIsTold) {
  constexpr int kEvents = 2000;  // more than are read ahead
  Open();
  MakeTopic("t", 1, absl::Hours(1));
  Bus bus(loop_, *transport_, logger_, metrics_);
  for (int i = 0; i < kEvents; ++i) PublishEvent(StrCat(i));
  TailOptions options;
  options.from = TailFrom::kBeginning;
  Stream<Tailed> stream = bus.TailAfter({&Contract()}, options, "");
  const auto begun = Settle(stream.Next());
  ASSERT_TRUE(begun.ok() && begun->has_value());
  EXPECT_FALSE((*begun)->missed);
  ASSERT_TRUE(Settle(stream.Next()).ok());

  clock_.Advance(absl::Hours(2));
  ASSERT_EQ(Settle(transport_->Clean()), absl::OkStatus());
  PublishEvent("new");
  std::vector<Tailed> rest;
  do {
    auto next = Settle(stream.Next());
    ASSERT_TRUE(next.ok() && next->has_value());
    rest.push_back(**std::move(next));
  } while (!rest.back().event || rest.back().event->id != "new");
  ASSERT_GE(rest.size(), 3u);
  EXPECT_LT(rest.size(), kEvents);
  // What was read ahead, the word, and what came after.
  EXPECT_TRUE(std::all_of(rest.begin(), rest.end() - 2, [](const Tailed& one) {
    return one.event.has_value() && !one.missed;
  }));
  const Tailed& told = rest[rest.size() - 2];
  EXPECT_FALSE(told.event.has_value());
  EXPECT_TRUE(told.missed);
  // Who comes back with that misses nothing more.
  options.follow = false;
  const auto again =
      Settle(ReadTail(bus.TailAfter({&Contract()}, options, told.position)));
  ASSERT_TRUE(again.ok());
  ASSERT_EQ(again->size(), 2u);
  EXPECT_FALSE((*again)[0].missed);
  EXPECT_EQ((*again)[1].event->id, "new");
}

// A clock that was too late by hours must not put it off by as many.
TEST_F(LocalTransportTest, CleansThoughTheClockWasSetBack) {
  LocalOptions options;
  options.clean_interval = absl::ZeroDuration();
  Open(options);
  MakeTopic("t", 1, absl::Hours(1));
  MakeTopic("other", 1, absl::Hours(1));
  clock_.Advance(absl::Hours(10));
  Publish("too late", "other");
  clock_.Advance(-absl::Hours(10));
  Publish("old");
  clock_.Advance(absl::Hours(2));
  Publish("new");
  EXPECT_THAT(Values(), ElementsAre("new"));
}

TEST_F(LocalTransportTest, NobodyWaitsUntilAllThatIsOldIsDeleted) {
  LocalOptions options;
  options.clean_interval = absl::ZeroDuration();
  options.clean_batch = 10;
  Open(options);
  MakeTopic("t", 1, absl::Hours(1));
  Record record;
  record.topic = "t";
  record.key = "k";
  ASSERT_EQ(Settle(transport_->Publish(std::vector<Record>(1000, record))),
            absl::OkStatus());
  clock_.Advance(absl::Hours(2));
  int64_t begin = -1;  // when the second is durable
  Promise<void> both =
      transport_->Publish({record})
          .Then([&] { return transport_->Publish({record}); })
          .Then([&] { return transport_->Offsets("group", {"t"}); })
          .Then([&](const std::vector<GroupOffset>& offsets) {
            begin = offsets[0].begin;
          });
  ASSERT_EQ(Settle(std::move(both)), absl::OkStatus());
  EXPECT_GT(begin, 0);
  EXPECT_LT(begin, 1000);
  // Without anybody who writes.
  EXPECT_EQ((*Settle(transport_->Offsets("group", {"t"})))[0].begin, 1000);
  EXPECT_EQ(Values().size(), 2u);
}

TEST_F(LocalTransportTest, RefusesAfterClose) {
  Open();
  MakeTopic("t", 1, absl::Hours(1));
  ASSERT_EQ(Settle(transport_->Close(absl::Seconds(5))), absl::OkStatus());
  Record record;
  record.topic = "t";
  EXPECT_EQ(Settle(transport_->Publish({record})).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(LocalTransportTest, HealthFollowsTheDatabase) {
  Open();
  MakeTopic("t", 1, absl::Hours(1));
  ASSERT_EQ(Settle(database_->Transact([](store::Tx& tx) {
              tx.Execute("ALTER TABLE millrace_log_records RENAME TO gone");
            })),
            absl::OkStatus());
  Record record;
  record.topic = "t";
  EXPECT_FALSE(Settle(transport_->Publish({record})).ok());
  EXPECT_EQ(transport_->health().code(), absl::StatusCode::kUnavailable);
  loop_.Run();
  EXPECT_EQ(transport_->health().code(), absl::StatusCode::kUnavailable);
  loop_.Run();
  ASSERT_EQ(Settle(database_->Transact([](store::Tx& tx) {
              tx.Execute("ALTER TABLE gone RENAME TO millrace_log_records");
            })),
            absl::OkStatus());
  // Nobody publishes: it is enough to be asked.
  (void)transport_->health();
  loop_.Run();
  EXPECT_EQ(transport_->health(), absl::OkStatus());
  EXPECT_EQ(Settle(transport_->Publish({record})), absl::OkStatus());
  EXPECT_EQ(transport_->health(), absl::OkStatus());
}

TEST_F(LocalTransportTest, ADrainMayTakeLongerThanARebalance) {
  LocalOptions options;
  options.revoke_bound = absl::Milliseconds(50);
  Open(options);
  MakeTopic("t", 1, absl::Hours(1));
  EventEnvelope event;
  event.id = "0";
  event.type = "T";
  event.source = "/s";
  ASSERT_EQ(Settle(transport_->Publish({EncodeEvent(event, "t")})),
            absl::OkStatus());
  SubscriptionSpec spec;
  spec.group = "group";
  spec.topic = "t";
  HeldListener listener;
  auto subscription = Subscription::Start(loop_, *transport_, logger_, metrics_,
                                          spec, listener);
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  loop_.Run();
  ASSERT_THAT(listener.begun, ElementsAre("0"));
  const auto drained = AsStatusOr((*subscription)->Drain(absl::Seconds(60)));
  loop_.SetTimeout(4 * options.revoke_bound, [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_FALSE(drained.settled());
  listener.Answer("0");
  loop_.Run();
  ASSERT_TRUE(drained.settled());
  EXPECT_TRUE(drained.value().ok()) << drained.value();
  const auto offsets = Settle(transport_->Offsets("group", {"t"}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ((*offsets)[0].committed, 1);
}

}  // namespace
}  // namespace millrace::bus::local
