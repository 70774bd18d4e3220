// Keys that are slower than their events come, and what is shown of those that
// stand still.

#include <map>
#include <string>

#include "bus/testing/subscription_fixture.h"
#include "loop/combinators.h"
#include "loop/testing/virtual_time.h"

namespace millrace::bus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PaceTest : public SubscriptionTest {
 protected:
  static SubscriptionOptions Small() {
    SubscriptionOptions options;
    options.max_in_flight = 8;  // of which a slow key keeps one
    return options;
  }
  void LetTimePass(absl::Duration time) {
    Do([&] { Delay(time).Detach(); });
  }
  void ReadAgain(Record record) {
    Do([&] { transport_.reader->Write(std::move(record)).Detach(); });
  }
  void Fill() {
    Assign(0);
    std::vector<Record> records;
    for (int i = 0; i < 8; ++i) records.push_back(At(i, "hot"));
    Deliver(std::move(records));
  }

  VirtualTime time_{loop_, absl::FromUnixSeconds(1'800'000'000)};
};

TEST_F(PaceTest, ASlowKeyIsLetGoOfAndReadAgainInItsOrder) {
  Start(Small());
  Fill();
  EXPECT_THAT(transport_.log->paused, ElementsAre(TopicPartition{"t", 0}));
  EXPECT_THAT(transport_.read_from, IsEmpty());
  LetTimePass(absl::Seconds(2));
  EXPECT_THAT(transport_.log->paused, IsEmpty());
  EXPECT_EQ(subscription_->in_flight(), 1u);
  EXPECT_THAT(transport_.read_from, ElementsAre(1));
  Deliver({At(8, "cold"), At(9, "hot")});
  EXPECT_THAT(listener_.begun, ElementsAre("0", "8"));
  Answer("8");
  EXPECT_EQ(Committed(), Progress(0, {{8, 9}}));
  Answer("0");
  for (int i = 1; i < 10; ++i) {
    EXPECT_THAT(listener_.held, IsEmpty());
    ReadAgain(At(i, i == 8 ? "cold" : "hot"));
    if (i != 8) Answer(StrCat(i));
  }
  EXPECT_THAT(listener_.begun,
              ElementsAre("0", "8", "1", "2", "3", "4", "5", "6", "7", "9"));
  EXPECT_EQ(Committed(), Progress(10));
}

TEST_F(PaceTest, AKeyThatIsQuickEnoughIsNotLetGoOf) {
  Start(Small());
  Fill();
  for (int i = 0; i < 4; ++i) Answer(StrCat(i));
  EXPECT_THAT(transport_.log->paused, IsEmpty());
  LetTimePass(absl::Seconds(5));
  EXPECT_THAT(transport_.read_from, IsEmpty());
  EXPECT_EQ(subscription_->in_flight(), 4u);
  for (int i = 4; i < 8; ++i) Answer(StrCat(i));
}

TEST_F(PaceTest, WhatCannotBeReadAgainIsTriedAgain) {
  Start(Small());
  Fill();
  LetTimePass(absl::Seconds(2));
  Answer("0");
  Do([&] { transport_.reader->Fail(absl::UnavailableError("away")); });
  EXPECT_THAT(transport_.read_from, ElementsAre(1, 1));
  ReadAgain(At(1, "hot"));
  EXPECT_THAT(listener_.begun, ElementsAre("0", "1"));
  Answer("1");
}

TEST_F(PaceTest, WhatIsHandedOverIsNotReadAgain) {
  Start(Small());
  Fill();
  LetTimePass(absl::Seconds(2));
  Promise<void> revoked;
  Do([&] {
    revoked = transport_.events->OnRevoked({{"t", 0}}, Revoked::kHandedOver);
    listener_.Answer("0");
  });
  EXPECT_TRUE(revoked.settled());
  EXPECT_EQ(Committed(), Progress(1));
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
}

// Gauges by their names.
class Gauges final : public Metrics {
 public:
  struct Value final : Gauge {
    void Set(double to) override { value = to; }
    void Add(double by) override { value += by; }
    double value = 0;
  };
  Counter& AddCounter(const std::string& name, const std::string& help,
                      const Labels& labels) override {
    return none_.AddCounter(name, help, labels);
  }
  Gauge& AddGauge(const std::string& name, const std::string&,
                  const Labels&) override {
    return values[name];
  }
  Histogram& AddHistogram(const std::string& name, const std::string& help,
                          const Labels& labels,
                          const std::vector<double>& buckets) override {
    return none_.AddHistogram(name, help, labels, buckets);
  }
  std::map<std::string, Value> values;

 private:
  NullMetrics none_;
};

TEST_F(PaceTest, AKeyThatStandsStillIsShownWithItsAge) {
  Gauges gauges;
  SubscriptionSpec spec;
  spec.group = "group";
  spec.topic = "t";
  spec.retry = {3, absl::Minutes(1), absl::Minutes(1), 1};
  subscription_ =
      *Subscription::Start(loop_, transport_, logger_, gauges, spec, listener_);
  Assign(0);
  Deliver({At(0, "a")});
  for (int i = 0; i < 10; ++i) {
    Answer("0", absl::UnavailableError("away"));
  }
  subscription_->ShowHeld();
  EXPECT_EQ(gauges.values["millrace_bus_retrying_keys"].value, 1);
  EXPECT_GE(gauges.values["millrace_bus_oldest_retry_seconds"].value, 60);
  Answer("0");
  subscription_->ShowHeld();
  EXPECT_EQ(gauges.values["millrace_bus_retrying_keys"].value, 0);
  EXPECT_EQ(gauges.values["millrace_bus_oldest_retry_seconds"].value, 0);
  EXPECT_EQ(Committed(), Progress(1));
}

}  // namespace
}  // namespace millrace::bus
