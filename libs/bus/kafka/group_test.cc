#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/kafka/kafka_test_support.h"

namespace millrace::bus {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::set<std::string> SetOf(const std::vector<std::string>& values) {
  return {values.begin(), values.end()};
}

int64_t LagOf(const std::vector<GroupOffset>& offsets) {
  int64_t lag = 0;
  for (const GroupOffset& offset : offsets) lag += offset.lag();
  return lag;
}

TEST_F(KafkaTest, ARestartResumesAtTheCommit) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  const std::string group = NewName("group");
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 1, 0, 10))).ok());
  {
    auto member = Join(transport, group, {topic});
    ASSERT_TRUE(RunUntil([&] { return member->records.size() == 10; }));
    member->consumer->Commit({topic, 0}, 6);
    // Lower, and of no partition of ours: ignored.
    member->consumer->Commit({topic, 0}, 2);
    member->consumer->Commit({topic, 9}, 3);
    Close(*member);
    EXPECT_THAT(member->revocations, ElementsAre(Revoked::kHandedOver));
  }
  const auto offsets = Await(transport.Offsets(group, {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  ASSERT_EQ(offsets->size(), 1u);
  EXPECT_EQ((*offsets)[0].committed, 6);
  EXPECT_EQ((*offsets)[0].begin, 0);
  EXPECT_EQ((*offsets)[0].end, 10);
  EXPECT_EQ(LagOf(*offsets), 4);

  auto again = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return again->records.size() == 4; }));
  EXPECT_THAT(again->values(), ElementsAre("6", "7", "8", "9"));
  Close(*again);
}

TEST_F(KafkaTest, IslandsComeBackWithThePartition) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  const std::string group = NewName("group");
  const Progress first(2, {{3, 5}, {7, 8}});
  {
    auto member = Join(transport, group, {topic});
    ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 2; }));
    EXPECT_THAT(member->finished[(TopicPartition{topic, 0})], IsEmpty());
    member->consumer->Commit({topic, 0}, first);
    Close(*member);
  }
  Progress second = first;
  second.finished.push_back({9, 12});
  {
    auto member = Join(transport, group, {topic});
    ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 2; }));
    EXPECT_EQ(member->finished[(TopicPartition{topic, 0})], first.finished);
    EXPECT_THAT(member->finished[(TopicPartition{topic, 1})], IsEmpty());
    // The offset alone has not moved.
    member->consumer->Commit({topic, 0}, second);
    Close(*member);
  }
  auto member = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 2; }));
  EXPECT_EQ(member->finished[(TopicPartition{topic, 0})], second.finished);
  Close(*member);
}

TEST_F(KafkaTest, CommitsBecomeDurableWithoutClose) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  const std::string group = NewName("group");
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 0, 10))).ok());
  auto member = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return member->records.size() == 10; }));
  member->CommitAll();
  // Until it shows, from the outside.
  int64_t lag = -1;
  while (lag != 0 && !HasFailure()) {
    const auto offsets = Await(transport.Offsets(group, {topic}));
    ASSERT_TRUE(offsets.ok()) << offsets.status();
    lag = LagOf(*offsets);
  }
  Close(*member);
}

TEST_F(KafkaTest, EachGroupGetsAll) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 0, 50))).ok());
  auto a = Join(transport, NewName("a"), {topic});
  auto b = Join(transport, NewName("b"), {topic});
  ASSERT_TRUE(RunUntil(
      [&] { return a->records.size() == 50 && b->records.size() == 50; }));
  Close(*a);
  Close(*b);
}

TEST_F(KafkaTest, ARebalanceLosesAndRepeatsNothing) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 4);
  const std::string group = NewName("group");
  // Everything is committed as it comes.
  const auto commit = [](TestMember* member) {
    return [member](const std::vector<Record>& batch) {
      for (const Record& record : batch) {
        member->consumer->Commit({record.topic, record.partition},
                                 record.offset + 1);
      }
    };
  };
  auto first = Join(transport, group, {topic});
  first->on_records = commit(first.get());
  ASSERT_TRUE(RunUntil([&] { return first->assigned.size() == 4; }));
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 4, 0, 100))).ok());
  ASSERT_TRUE(RunUntil([&] { return first->records.size() == 100; }));

  auto second = Join(transport, group, {topic});
  second->on_records = commit(second.get());
  Promise<void> during = transport.Publish(Numbered(topic, 4, 100, 200));
  ASSERT_TRUE(RunUntil([&] {
    return first->assigned.size() == 2 && second->assigned.size() == 2;
  }));
  EXPECT_TRUE(Await(std::move(during)).ok());
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 4, 200, 300))).ok());
  ASSERT_TRUE(RunUntil(
      [&] { return first->records.size() + second->records.size() >= 300; }));

  Close(*first);
  ASSERT_TRUE(RunUntil([&] { return second->assigned.size() == 4; }));
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 4, 300, 400))).ok());
  ASSERT_TRUE(RunUntil(
      [&] { return first->records.size() + second->records.size() >= 400; }));
  Close(*second);
  std::vector<std::string> all = first->values();
  const std::vector<std::string> rest = second->values();
  all.insert(all.end(), rest.begin(), rest.end());
  EXPECT_EQ(all.size(), 400u);
  EXPECT_EQ(SetOf(all).size(), 400u);
  for (const Revoked how : first->revocations) {
    EXPECT_EQ(how, Revoked::kHandedOver);
  }
}

TEST_F(KafkaTest, AHandOverWaitsForItsOwner) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  const std::string group = NewName("group");
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 0, 20))).ok());
  auto first = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return first->records.size() == 20; }));
  const Deferred<void> finished;
  bool asked = false;
  first->on_revoked = [&](std::vector<TopicPartition>, Revoked) {
    asked = true;
    return finished.promise();
  };
  auto second = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return asked; }));
  // What is committed while it is handed over counts.
  first->CommitAll();
  EXPECT_THAT(second->assigned, IsEmpty());
  finished.Resolve();
  first->on_revoked = nullptr;
  ASSERT_TRUE(RunUntil([&] {
    return first->assigned.size() == 1 && second->assigned.size() == 1;
  }));
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 20, 22))).ok());
  ASSERT_TRUE(RunUntil(
      [&] { return first->records.size() + second->records.size() >= 22; }));
  EXPECT_EQ(first->records.size(), 21u);
  EXPECT_EQ(second->records.size(), 1u);
  Close(*first);
  Close(*second);
}

TEST_F(KafkaTest, AHandOverIsBounded) {
  KafkaOptions options = Options();
  options.revoke_bound = absl::Milliseconds(200);
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 2);
  const std::string group = NewName("group");
  auto first = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return first->assigned.size() == 2; }));
  const Deferred<void> never;
  first->on_revoked = [&](std::vector<TopicPartition>, Revoked) {
    return never.promise();
  };
  auto second = Join(transport, group, {topic});
  EXPECT_TRUE(RunUntil([&] { return second->assigned.size() == 1; }));
  Close(*second);
  Close(*first, absl::Milliseconds(200));
}

TEST_F(KafkaTest, PauseHoldsOnePartitionBack) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  auto member = Join(transport, NewName("group"), {topic});
  std::vector<std::vector<int64_t>> offsets(2);
  bool paused = false;
  member->on_records = [&](const std::vector<Record>& batch) {
    for (const Record& record : batch) {
      EXPECT_FALSE(paused && record.partition == 0);
      offsets[record.partition].push_back(record.offset);
    }
    if (!paused && !offsets[0].empty()) {
      paused = true;
      member->consumer->Pause({{topic, 0}, {topic, 7}});
    }
  };
  // Records may come while others are still being published.
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 0, 2000))).ok());
  ASSERT_TRUE(RunUntil([&] { return paused && offsets[1].size() == 1000; }))
      << "paused: " << paused << ", read: " << offsets[0].size() << " and "
      << offsets[1].size() << ", assigned " << member->assignments
      << " times, revoked " << member->revocations.size()
      << " times, troubles: " << ::testing::PrintToString(member->troubles);
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 0, 2000))).ok());
  ASSERT_TRUE(RunUntil([&] { return offsets[1].size() == 2000; }));
  EXPECT_LT(offsets[0].size(), 1000u);
  paused = false;
  member->on_records = [&](const std::vector<Record>& batch) {
    for (const Record& record : batch) {
      offsets[record.partition].push_back(record.offset);
    }
  };
  member->consumer->Resume({{topic, 0}});
  ASSERT_TRUE(RunUntil([&] { return offsets[0].size() == 2000; }));
  for (const auto& partition : offsets) {
    std::vector<int64_t> expected(2000);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(partition, expected);
  }
  Close(*member);
}

TEST_F(KafkaTest, ABigBacklogLeavesTheLoopFair) {
  KafkaOptions options = Options();
  options.prefetch_bytes = 256 << 10;
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 3);
  std::vector<Record> many;
  for (int i = 0; i < 20'000; ++i) {
    many.push_back(
        MakeRecord(topic, std::to_string(i), std::string(1000, 'x')));
  }
  ASSERT_TRUE(Await(transport.Publish(std::move(many))).ok());
  auto member = Join(transport, NewName("group"), {topic});
  uint64_t turns = 0;
  member->on_records = [&](const std::vector<Record>&) {
    // As a slow handler would: pause all, go on in a later turn.
    member->consumer->Pause(member->owned());
    loop_.SetImmediate([&] {
      ++turns;
      member->consumer->Resume(member->owned());
    });
  };
  ASSERT_TRUE(RunUntil([&] { return member->records.size() == 20'000; }));
  EXPECT_LE(member->largest_batch, 256u);
  EXPECT_GE(turns, 20'000u / 256);
  std::set<std::pair<int, int64_t>> seen;
  for (const Record& record : member->records) {
    EXPECT_TRUE(seen.insert({record.partition, record.offset}).second);
  }
  Close(*member);
}

TEST_F(KafkaTest, AFullQueueIsFilledAgainAtOnce) {
  KafkaOptions options = Options();
  options.prefetch_bytes = 16 << 10;
  options.properties.emplace_back("fetch.message.max.bytes", "65536");
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 1);
  // 80 MB: with a fetch now and then, nearly twice as long as is waited.
  constexpr size_t kRecords = 80'000;
  std::vector<Record> many;
  for (size_t i = 0; i < kRecords; ++i) {
    many.push_back(
        MakeRecord(topic, std::to_string(i % 7), std::string(1000, 'x')));
  }
  ASSERT_TRUE(Await(transport.Publish(std::move(many))).ok());
  auto member = Join(transport, NewName("group"), {topic});
  size_t bytes = 0;
  EXPECT_TRUE(RunUntil([&] { return member->records.size() == kRecords; }));
  for (const Record& record : member->records) bytes += record.value.size();
  EXPECT_EQ(bytes, kRecords * 1000);
  Close(*member);
}

TEST_F(KafkaTest, TopicsMayComeLater) {
  Transport& transport = Open();
  const std::string topic = NewName("late");
  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return !member->troubles.empty(); }));
  EXPECT_TRUE(absl::IsNotFound(member->troubles[0])) << member->troubles[0];
  ASSERT_TRUE(
      Await(transport.EnsureTopics({{.name = topic, .partitions = 2}})).ok());
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 2, 0, 4))).ok());
  EXPECT_TRUE(RunUntil([&] { return member->records.size() == 4; }));
  Close(*member);
}

TEST_F(KafkaTest, ANamedMemberKeepsItsPlace) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  const std::string group = NewName("group");
  auto a = Join(transport, group, {topic}, "a");
  ASSERT_TRUE(RunUntil([&] { return a->assigned.size() == 2; }));
  auto b = Join(transport, group, {topic}, "b");
  ASSERT_TRUE(RunUntil(
      [&] { return a->assigned.size() == 1 && b->assigned.size() == 1; }));
  const std::vector<TopicPartition> place = b->owned();
  const size_t revocations = a->revocations.size();
  Close(*b);
  auto back = Join(transport, group, {topic}, "b");
  ASSERT_TRUE(RunUntil([&] { return back->assigned.size() == 1; }));
  EXPECT_EQ(back->owned(), place);
  EXPECT_EQ(a->revocations.size(), revocations);
  Close(*back);
  Close(*a);
}

TEST_F(KafkaTest, TheOlderOfOneNameIsShutOut) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  const std::string group = NewName("group");
  auto older = Join(transport, group, {topic}, "twin");
  ASSERT_TRUE(RunUntil([&] { return older->assigned.size() == 1; }));
  EXPECT_TRUE(transport.health().ok());
  auto newer = Join(transport, group, {topic}, "twin");
  ASSERT_TRUE(RunUntil([&] { return !older->revocations.empty(); }));
  EXPECT_THAT(older->revocations, ElementsAre(Revoked::kLost));
  ASSERT_FALSE(older->troubles.empty());
  EXPECT_THAT(older->troubles.back().ToString(), HasSubstr("member 'twin'"));
  EXPECT_EQ(transport.health().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(RunUntil([&] { return newer->assigned.size() == 1; }));
  Close(*older);
  EXPECT_TRUE(transport.health().ok());
  Close(*newer);
}

TEST_F(KafkaTest, WhatADeadMemberHeldGoesToAnother) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  const std::string group = NewName("group");
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 1, 0, 5))).ok());
  auto dead = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return dead->records.size() == 5; }));
  dead->consumer.reset();
  EXPECT_THAT(dead->revocations, IsEmpty());
  auto heir = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return heir->records.size() == 5; }));
  Close(*heir);
}

TEST_F(KafkaTest, AConsumerMayBeDroppedInItsOwnCallback) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 1, 0, 1000))).ok());
  auto member = Join(transport, NewName("group"), {topic});
  member->on_records = [&](const std::vector<Record>&) {
    member->consumer.reset();
  };
  ASSERT_TRUE(RunUntil([&] { return member->consumer == nullptr; }));
  const size_t count = member->records.size();
  ASSERT_TRUE(Await(transport.Publish(Numbered(topic, 1, 0, 1))).ok());
  EXPECT_EQ(member->records.size(), count);
}

TEST_F(KafkaTest, CloseTwiceAndBeforeAnyAssignment) {
  Transport& transport = Open();
  auto member = Join(transport, NewName("group"), {NewName("none")});
  Promise<void> one = member->consumer->Close(absl::Seconds(9));
  Promise<void> two = member->consumer->Close(absl::Seconds(9));
  EXPECT_TRUE(Await(std::move(one)).ok());
  EXPECT_TRUE(Await(std::move(two)).ok());
  EXPECT_THAT(member->revocations, IsEmpty());
}

}  // namespace
}  // namespace millrace::bus
