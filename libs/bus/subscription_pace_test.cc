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
  Deliver({At(8, "cold"), At(9, "hot")});
  EXPECT_THAT(listener_.begun, ElementsAre("0", "8"));
  Answer("8");
  EXPECT_EQ(Committed(), Progress(0, {{8, 9}}));
  // A key that stands still reads nothing.
  EXPECT_THAT(transport_.read_from, IsEmpty());
  Answer("0");
  EXPECT_THAT(transport_.read_from, ElementsAre(1));
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

// What a reader has read is behind it, and let go of a second time it is read a
// second time.
TEST_F(PaceTest, AKeyThatIsCutDownOnceMoreLosesNothing) {
  SubscriptionOptions options;
  options.max_in_flight = 40;  // of which a slow key keeps five
  Start(options);
  Assign(0);
  std::vector<Record> records;
  for (int i = 0; i < 40; ++i) records.push_back(At(i, "hot"));
  Deliver(std::move(records));
  LetTimePass(absl::Seconds(2));
  EXPECT_EQ(subscription_->in_flight(), 5u);
  for (int i = 0; i < 3; ++i) Answer(StrCat(i));
  EXPECT_THAT(transport_.read_from, ElementsAre(5));
  ReadAgain(At(5, "hot"));
  ReadAgain(At(6, "hot"));
  EXPECT_EQ(subscription_->in_flight(), 4u);
  // Six others are slow: now each keeps one.
  std::vector<Record> others;
  for (int i = 40; i < 76; ++i) others.push_back(At(i, StrCat("k", i % 6)));
  Deliver(std::move(others));
  LetTimePass(absl::Seconds(2));
  EXPECT_EQ(subscription_->in_flight(), 7u);
  ReadAgain(At(7, "hot"));  // what the reader waits for
  Answer("3");
  ASSERT_THAT(transport_.read_from, ElementsAre(5, 4));
  for (int i = 4; i < 8; ++i) {
    ReadAgain(At(i, "hot"));
    EXPECT_EQ(listener_.begun.back(), StrCat(i));
    Answer(StrCat(i));
  }
  EXPECT_EQ(Committed(), Progress(8));
}

// Each keeps an eighth, which would be more than a half of all.
TEST_F(PaceTest, ManySlowKeysDoNotStopThePartition) {
  SubscriptionOptions options = Small();
  options.max_in_flight = 16;  // of which a slow key keeps two
  Start(options);
  Assign(0);
  std::vector<Record> records;
  for (int i = 0; i < 16; ++i) records.push_back(At(i, StrCat("hot", i / 3)));
  Deliver(std::move(records));  // five of three, and one
  EXPECT_THAT(transport_.log->paused, ElementsAre(TopicPartition{"t", 0}));
  LetTimePass(absl::Seconds(2));
  EXPECT_THAT(transport_.log->paused, IsEmpty());
  Deliver({At(16, "cold")});
  EXPECT_EQ(listener_.begun.back(), "16");
}

// What retention has taken is done with, and nothing else tells the partition
// that it may go on.
TEST_F(PaceTest, WhatIsGoneFromTheLogLetsThePartitionGoOn) {
  SubscriptionOptions options = Small();
  options.max_uncommitted = 16;
  Start(options);
  Fill();
  LetTimePass(absl::Seconds(2));
  std::vector<Record> more;
  for (int i = 8; i < 16; ++i) more.push_back(At(i, "hot"));
  Deliver(std::move(more));
  EXPECT_THAT(transport_.log->paused, ElementsAre(TopicPartition{"t", 0}));
  Answer("0");
  EXPECT_THAT(transport_.log->paused, ElementsAre(TopicPartition{"t", 0}));
  ReadAgain(At(20, "cold"));
  EXPECT_THAT(transport_.log->paused, IsEmpty());
  EXPECT_EQ(Committed(), Progress(16));
}

// A topic made anew has other records at these offsets.
TEST_F(PaceTest, RecordsOfATopicMadeAnewAreNotTakenForTheKeys) {
  SubscriptionOptions options = Small();
  options.max_uncommitted = 8;
  Start(options);
  Fill();
  LetTimePass(absl::Seconds(2));
  EXPECT_THAT(transport_.log->paused, ElementsAre(TopicPartition{"t", 0}));
  Answer("0");
  ReadAgain(At(1, "cold"));
  EXPECT_THAT(transport_.log->paused, IsEmpty());
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Deliver({At(0, "cold")});
  EXPECT_THAT(listener_.begun, ElementsAre("0", "0"));
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
