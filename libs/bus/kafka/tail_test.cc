#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/kafka/kafka_test_support.h"

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(KafkaTest, TailFromTheBeginningEndsAtTheEnd) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 3);
  const std::string empty = Topic(transport, 2);
  std::vector<Record> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(MakeRecord(topic, std::to_string(i % 7), std::to_string(i)));
  }
  ASSERT_TRUE(Await(transport.Publish(many)).ok());
  std::vector<Record> records;
  const absl::Status status = ReadAll(
      transport.Tail({topic, empty}, TailFrom::kBeginning, false), &records);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(records.size(), 1000u);
  records.clear();
  EXPECT_TRUE(
      ReadAll(transport.Tail({empty}, TailFrom::kBeginning, false), &records)
          .ok());
  EXPECT_TRUE(
      ReadAll(transport.Tail({topic}, TailFrom::kEnd, false), &records).ok());
  EXPECT_TRUE(records.empty());
}

TEST_F(KafkaTest, TailFollowsUntilTheTransportCloses) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "", "old")})).ok());
  Stream<Record> stream = transport.Tail({topic}, TailFrom::kEnd, true);
  Promise<std::optional<Record>> next = stream.Next();
  // Where the end is gets decided soon: published until one is seen.
  int sent = 0;
  while (!next.settled() && !HasFailure()) {
    ASSERT_TRUE(
        Await(transport.Publish({MakeRecord(topic, "", StrCat(sent++))})).ok());
  }
  const std::optional<Record> first = *Await(std::move(next));
  ASSERT_TRUE(first.has_value());
  EXPECT_NE(first->value, "old");
  int expected = std::stoi(first->value);
  while (++expected < sent) {
    const std::optional<Record> more = *Await(stream.Next());
    ASSERT_TRUE(more.has_value());
    EXPECT_EQ(more->value, StrCat(expected));
  }
  Promise<std::optional<Record>> last = stream.Next();
  ASSERT_TRUE(Await(transport.Close(absl::Seconds(30))).ok());
  const auto end = Await(std::move(last));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_FALSE(end->has_value());
}

TEST_F(KafkaTest, TailIsReadAsFastAsItsReader) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  std::vector<Record> many;
  for (int i = 0; i < 2000; ++i) {
    many.push_back(MakeRecord(topic, "", std::to_string(i)));
  }
  ASSERT_TRUE(Await(transport.Publish(many)).ok());
  Stream<Record> stream = transport.Tail({topic}, TailFrom::kBeginning, true);
  for (int i = 0; i < 2000; ++i) {
    const auto record = Await(stream.Next());
    ASSERT_TRUE(record.ok() && record->has_value());
    ASSERT_EQ((*record)->value, std::to_string(i));
  }
  stream.Cancel();
  // Nothing is left that keeps the loop going but the transport.
  ASSERT_TRUE(Await(transport.Close(absl::Seconds(30))).ok());
  loop_.Run();
}

TEST_F(KafkaTest, TailOfAnUnknownTopicIsNotFound) {
  Transport& transport = Open();
  std::vector<Record> records;
  const absl::Status status = ReadAll(
      transport.Tail({"no-such-topic"}, TailFrom::kBeginning, true), &records);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("no-such-topic"));
}

TEST_F(KafkaTest, DroppedTailsLeaveNothing) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "", "x")})).ok());
  { Stream<Record> unread = transport.Tail({topic}, TailFrom::kEnd, true); }
  Stream<Record> read = transport.Tail({topic}, TailFrom::kBeginning, true);
  ASSERT_TRUE(Await(read.Next()).ok());
  Promise<std::optional<Record>> next = read.Next();
  read.Cancel();
  EXPECT_FALSE(Await(std::move(next)).ok());
  Drop(transport);
}

}  // namespace
}  // namespace millrace::bus
