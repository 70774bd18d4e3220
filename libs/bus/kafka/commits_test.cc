// What a member has done with, where the broker or a handler gets in its way.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/codec.h"
#include "bus/kafka/kafka_test_support.h"
#include "bus/subscription.h"

namespace millrace::bus {
namespace {

// Islands of one record each, and gaps of one.
Progress WithIslands(int64_t next_offset, int count) {
  Progress progress(next_offset);
  for (int i = 0; i < count; ++i) {
    const int64_t begin = next_offset + 1 + 2 * i;
    progress.finished.push_back({begin, begin + 1});
  }
  return progress;
}

TEST_F(KafkaTest, IslandsThatTheBrokerHasNoRoomForAreLeftOut) {
  const auto server =
      testing::KafkaServer::Start({"offset.metadata.max.bytes=64"});
  ASSERT_TRUE(server.ok()) << server.status();
  KafkaOptions options = Options();
  options.brokers = (*server)->brokers();
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 1);
  const std::string group = NewName("group");
  const Progress many = WithIslands(10, 100);
  {
    auto member = Join(transport, group, {topic});
    ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
    member->consumer->Commit({topic, 0}, many);
    Close(*member);
  }
  const auto offsets = Await(transport.Offsets(group, {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ((*offsets)[0].committed, 10);
  EXPECT_TRUE(logger_.Has("offset.metadata.max.bytes"));
  // Those that there was room for are there.
  auto member = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
  const auto& finished = member->finished[(TopicPartition{topic, 0})];
  ASSERT_FALSE(finished.empty());
  EXPECT_EQ(finished.front(), many.finished.front());
  Close(*member);
  Drop(transport);
}

// Waits until the test lets it go.
class Gate final : public EventListener {
 public:
  Promise<void> Deliver(const EventEnvelope&) override {
    begun = true;
    return open.promise();
  }
  bool begun = false;
  Deferred<void> open;
};

TEST_F(KafkaTest, ADrainMayTakeLongerThanARebalance) {
  KafkaOptions options = Options();
  options.revoke_bound = absl::Milliseconds(200);
  Transport& transport = Open(options);
  SubscriptionSpec spec;
  spec.group = NewName("group");
  spec.topic = Topic(transport, 1);
  EventEnvelope event;
  event.id = "1";
  event.type = "T";
  event.source = "/s";
  ASSERT_TRUE(Await(transport.Publish({EncodeEvent(event, spec.topic)})).ok());
  NullMetrics metrics;
  Gate gate;
  auto subscription =
      Subscription::Start(loop_, transport, logger_, metrics, spec, gate);
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  ASSERT_TRUE(RunUntil([&] { return gate.begun; }));
  const auto drained = AsStatusOr((*subscription)->Drain(absl::Seconds(60)));
  ASSERT_TRUE(Await(Delay(4 * options.revoke_bound)).ok());
  EXPECT_FALSE(drained.settled());
  gate.open.Resolve();
  ASSERT_TRUE(RunUntil([&] { return drained.settled(); }));
  EXPECT_TRUE(drained.value().ok()) << drained.value();
  const auto offsets = Await(transport.Offsets(spec.group, {spec.topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ((*offsets)[0].committed, 1);
}

}  // namespace
}  // namespace millrace::bus
