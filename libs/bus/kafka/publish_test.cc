#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/kafka/kafka_test_support.h"
#include "bus/partitioner.h"

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(KafkaTest, RecordsArriveWhole) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  Record full =
      MakeRecord(topic, std::string("k\0y", 3), std::string("\0v\xff", 3));
  full.headers = {{"b", "1"}, {"a", std::string("\0\x80", 2)}, {"b", ""}};
  full.time = absl::FromUnixMillis(1'700'000'000'123);
  Record tombstone = MakeRecord(topic, "gone", "");
  tombstone.has_value = false;
  const Record empty = MakeRecord(topic, "", "");
  ASSERT_TRUE(Await(transport.Publish({full, tombstone, empty})).ok());

  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return member->records.size() == 3; }));
  const Record& got = member->records[0];
  EXPECT_EQ(got.topic, topic);
  EXPECT_EQ(got.key, full.key);
  EXPECT_EQ(got.value, full.value);
  EXPECT_EQ(got.headers, full.headers);
  EXPECT_EQ(got.time, full.time);
  EXPECT_EQ(got.partition, 0);
  EXPECT_EQ(got.offset, 0);
  EXPECT_FALSE(member->records[1].has_value);
  EXPECT_EQ(member->records[1].key, "gone");
  EXPECT_TRUE(member->records[2].has_value);
  EXPECT_EQ(member->records[2].key, "");
  EXPECT_GT(member->records[2].time, absl::UnixEpoch());
  Close(*member);
}

TEST_F(KafkaTest, KeepsTheOrderOfAKey) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 4);
  std::vector<Promise<void>> published;
  for (int i = 0; i < 1000; ++i) {
    published.push_back(transport.Publish(
        {MakeRecord(topic, StrCat("key", i % 16), std::to_string(i))}));
  }
  ASSERT_TRUE(Await(All(std::move(published))).ok());
  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return member->records.size() >= 1000; }));
  std::map<std::string, int> last;
  for (const Record& record : member->records) {
    const int number = std::stoi(record.value);
    EXPECT_EQ(StrCat("key", number % 16), record.key);
    if (last.count(record.key)) {
      EXPECT_EQ(last[record.key] + 16, number);
    }
    last[record.key] = number;
    EXPECT_EQ(record.partition, PartitionOf(record.key, 4));
  }
  EXPECT_EQ(member->records.size(), 1000);
  Close(*member);
}

TEST_F(KafkaTest, TakesAPartitionThatIsGiven) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 3);
  Record record = MakeRecord(topic, "key", "value");
  record.partition = (PartitionOf("key", 3) + 1) % 3;
  ASSERT_TRUE(Await(transport.Publish({record})).ok());
  std::vector<Record> records;
  ASSERT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kBeginning, false), &records)
          .ok());
  ASSERT_EQ(records.size(), 1);
  EXPECT_EQ(records[0].partition, record.partition);

  record.partition = 7;
  const absl::Status status = Await(transport.Publish({record}));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
}

TEST_F(KafkaTest, MoreThanFitsInFlightWaitsItsTurn) {
  KafkaOptions options = Options();
  options.max_in_flight = 100;
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 2);
  std::vector<Record> many;
  for (int i = 0; i < 3000; ++i) {
    many.push_back(MakeRecord(topic, "", std::to_string(i)));
  }
  std::vector<Promise<void>> published;
  published.push_back(transport.Publish(many));
  published.push_back(transport.Publish(many));
  ASSERT_TRUE(Await(All(std::move(published))).ok());
  std::vector<Record> records;
  ASSERT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kBeginning, false), &records)
          .ok());
  EXPECT_EQ(records.size(), 6000);
}

TEST_F(KafkaTest, UnknownTopicIsNotFound) {
  Transport& transport = Open();
  const absl::Status status =
      Await(transport.Publish({MakeRecord("no-such-topic", "k", "v")}));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("no-such-topic"));
  EXPECT_THAT(status.ToString(), HasSubstr(broker().brokers()));
}

TEST_F(KafkaTest, RecordTooLargeForTheTransport) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  const absl::Status status = Await(transport.Publish(
      {MakeRecord(topic, "small", "v"),
       MakeRecord(topic, "big", std::string(1'100'000, 'x'))}));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("record 1 of 2, key 'big'"));
}

TEST_F(KafkaTest, RecordTooLargeForTheBrokerTakesNoOtherAlong) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  const Record small = MakeRecord(topic, "key", "small");
  const Record big = MakeRecord(topic, "key", std::string(400'000, 'x'));
  // Publishes as an outbox does: again while it is UNAVAILABLE.
  int tries = 0;
  absl::Status first, second;
  do {
    Promise<void> one = transport.Publish({small});
    Promise<void> two = transport.Publish({big, small});
    first = Await(std::move(one));
    second = Await(std::move(two));
  } while (++tries < 10 &&
           (absl::IsUnavailable(first) || absl::IsUnavailable(second)));
  EXPECT_EQ(second.code(), absl::StatusCode::kInvalidArgument) << second;
  EXPECT_THAT(second.ToString(), HasSubstr("400000 bytes"));
  EXPECT_TRUE(first.ok()) << first;
  std::vector<Record> records;
  ASSERT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kBeginning, false), &records)
          .ok());
  // Nothing but the first call's record, as often as it was published.
  for (const Record& record : records) EXPECT_EQ(record.value, "small");
  EXPECT_LE(records.size(), tries);
}

// As of a service whose clock is wrong, and one whose clock is right.
TEST_F(KafkaTest, ARecordWithATimeThatTheBrokerRefusesGoesOutWithout) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  Record ahead = MakeRecord(topic, "key", "ahead");
  ahead.time = absl::Now() + absl::Hours(2);
  const Record good = MakeRecord(topic, "key", "good");
  int tries = 0;
  absl::Status first, second;
  do {
    std::tie(first, second) = PublishBoth(transport, ahead, good);
  } while (++tries < 10 &&
           (absl::IsUnavailable(first) || absl::IsUnavailable(second)));
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(second.ok()) << second;
  std::vector<Record> records;
  ASSERT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kBeginning, false), &records)
          .ok());
  std::set<std::string> values;
  for (const Record& record : records) {
    values.insert(record.value);
    if (record.value == "ahead") {
      EXPECT_EQ(record.time, absl::UnixEpoch());
    }
  }
  EXPECT_THAT(values, ElementsAre("ahead", "good"));
}

TEST_F(KafkaTest, ARecordThatItsTopicRefusesTakesNoOtherAlong) {
  const auto server =
      testing::KafkaServer::Start({"log.cleanup.policy=compact"});
  ASSERT_TRUE(server.ok()) << server.status();
  KafkaOptions options = Options();
  options.brokers = (*server)->brokers();
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 1);
  // Both in one batch: either could be the one that is refused.
  const Record keyless = MakeRecord(topic, "", "keyless");
  const Record good = MakeRecord(topic, "key", "good");
  int tries = 0;
  absl::Status first, second;
  do {
    std::tie(first, second) = PublishBoth(transport, keyless, good);
  } while (++tries < 10 && absl::IsUnavailable(first));
  EXPECT_EQ(first.code(), absl::StatusCode::kInvalidArgument) << first;
  // The producer that was refused a record is replaced.
  while (absl::IsUnavailable(second)) {
    second = Await(transport.Publish({good}));
  }
  EXPECT_TRUE(second.ok()) << second;
  Drop(transport);
}

// For good, it would cost all that come later a request each.
TEST_F(KafkaTest, AfterARefusalRecordsAreSentAloneForAWhileOnly) {
  KafkaOptions options = Options();
  options.careful_time = absl::Seconds(1);
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 1);
  const Record big = MakeRecord(topic, "key", std::string(400'000, 'x'));
  absl::Status refused;
  do {
    refused = Await(transport.Publish({big}));
  } while (absl::IsUnavailable(refused));
  ASSERT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
  // Until the producer that was refused it is replaced.
  while (!Await(transport.Publish({MakeRecord(topic, "key", "first")})).ok()) {
  }
  // The next change takes nothing back, whatever is under way.
  int published = 0;
  std::vector<Promise<absl::Status>> outcomes;
  while (!logger_.Has("Kafka records share requests again")) {
    ASSERT_LT(published, 1'000'000) << "and still alone";
    outcomes.clear();
    for (int i = 0; i < 100; ++i) {
      outcomes.push_back(AsStatusOr(transport.Publish(
          {MakeRecord(topic, "key", std::to_string(++published))})));
    }
    ASSERT_TRUE(RunUntil([&] { return outcomes.back().settled(); }));
    for (const auto& outcome : outcomes) ASSERT_TRUE(outcome.value().ok());
  }
  EXPECT_GT(published, 0);
  ASSERT_TRUE(
      Await(transport.Publish({MakeRecord(topic, "key", "last")})).ok());
  std::vector<Record> records;
  ASSERT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kBeginning, false), &records)
          .ok());
  std::vector<std::string> expected;
  for (int i = 1; i <= published; ++i) expected.push_back(std::to_string(i));
  expected.push_back("last");
  std::vector<std::string> values;
  for (const Record& record : records) {
    if (record.value != "first") values.push_back(record.value);
  }
  EXPECT_EQ(values, expected);
}

TEST_F(KafkaTest, AFailedProducerIsReplaced) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  ASSERT_TRUE(
      Await(transport.Publish({MakeRecord(topic, "k", "before")})).ok());
  Promise<void> outstanding = transport.Publish({MakeRecord(topic, "k", "x")});
  FailProducerForTest(transport);
  const absl::Status status = Await(std::move(outstanding));
  EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
  absl::Status again;
  do {
    again = Await(transport.Publish({MakeRecord(topic, "k", "after")}));
  } while (absl::IsUnavailable(again));
  EXPECT_TRUE(again.ok()) << again;
  EXPECT_TRUE(logger_.Has("the Kafka producer failed and is replaced"));
  std::vector<Record> records;
  ASSERT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kBeginning, false), &records)
          .ok());
  EXPECT_EQ(records.front().value, "before");
  EXPECT_EQ(records.back().value, "after");
}

TEST_F(KafkaTest, CloseFinishesWhatWasPublished) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 2);
  std::vector<Record> many(2000, MakeRecord(topic, "", "v"));
  const Promise<void> published = transport.Publish(many);
  ASSERT_TRUE(Await(transport.Close(absl::Seconds(30))).ok());
  EXPECT_TRUE(published.settled());
  EXPECT_TRUE(Await(published).ok());
  EXPECT_TRUE(absl::IsUnavailable(
      Await(transport.Publish({MakeRecord(topic, "", "late")}))));
  EXPECT_TRUE(absl::IsUnavailable(transport.health()));

  Transport& other = Open();
  const auto offsets = Await(other.Offsets("nobody", {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ((*offsets)[0].end + (*offsets)[1].end, 2000);
}

TEST_F(KafkaTest, AClosedTransportLetsTheLoopEnd) {
  Transport& transport = Open();
  ASSERT_TRUE(RunUntil([&] { return transport.health().ok(); }));
  const Promise<void> closed = transport.Close(absl::Seconds(30));
  loop_.Run();
  EXPECT_TRUE(closed.settled());
}

TEST_F(KafkaTest, EnsureTopicsCreatesWhatIsMissing) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 3);
  EXPECT_TRUE(Await(transport.EnsureTopics({{.name = topic, .partitions = 5},
                                            {.name = NewName("topic"),
                                             .partitions = 1,
                                             .retention = absl::Hours(1)}}))
                  .ok());
  auto offsets = Await(transport.Offsets("nobody", {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ(offsets->size(), 3);
  EXPECT_EQ((*offsets)[0].committed, -1);

  const absl::Status bad =
      Await(transport.EnsureTopics({{.name = "no/slash", .partitions = 1}}));
  EXPECT_TRUE(absl::IsInvalidArgument(bad)) << bad;
  EXPECT_THAT(bad.ToString(), HasSubstr("no/slash"));

  offsets = Await(transport.Offsets("nobody", {"no-such-topic"}));
  EXPECT_TRUE(absl::IsNotFound(offsets.status())) << offsets.status();
  EXPECT_THAT(offsets.status().ToString(), HasSubstr("no-such-topic"));
}

}  // namespace
}  // namespace millrace::bus
