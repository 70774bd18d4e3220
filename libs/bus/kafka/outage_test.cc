// What happens when the broker goes away and comes back.

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/kafka/kafka_test_support.h"

namespace millrace::bus {
namespace {

using ::testing::HasSubstr;

TEST_F(KafkaTest, HealthTellsOfAnOutageAndOfItsEnd) {
  ::testing::internal::CaptureStderr();
  KafkaOptions options = Options();
  options.publish_timeout = absl::Seconds(1);
  Transport& transport = Open(options);
  EXPECT_TRUE(absl::IsUnavailable(transport.health()));
  ASSERT_TRUE(RunUntil([&] { return transport.health().ok(); }));
  const std::string topic = Topic(transport, 1);

  broker().Stop();
  ASSERT_TRUE(RunUntil([&] { return !transport.health().ok(); }));
  EXPECT_TRUE(absl::IsUnavailable(transport.health())) << transport.health();
  EXPECT_THAT(transport.health().ToString(),
              HasSubstr(StrCat("broker ", broker().brokers(), " is away: ")));
  EXPECT_TRUE(logger_.Has("Kafka is away"));
  const absl::Status published =
      Await(transport.Publish({MakeRecord(topic, "k", "v")}));
  EXPECT_TRUE(absl::IsUnavailable(published)) << published;
  const auto offsets = Await(transport.Offsets("nobody", {topic}));
  EXPECT_TRUE(absl::IsUnavailable(offsets.status())) << offsets.status();

  ASSERT_TRUE(broker().Restart().ok());
  ASSERT_TRUE(RunUntil([&] { return transport.health().ok(); }));
  EXPECT_TRUE(logger_.Has("Kafka is back"));
  absl::Status again;
  do {
    again = Await(transport.Publish({MakeRecord(topic, "k", "v")}));
  } while (absl::IsUnavailable(again) || absl::IsDeadlineExceeded(again));
  EXPECT_TRUE(again.ok()) << again;
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(KafkaTest, AKilledBrokerLosesNothing) {
  constexpr int kCount = 2000;
  Transport& transport = Open();
  const std::string topic = Topic(transport, 3);
  auto member = Join(transport, NewName("group"), {topic});
  member->on_records = [&](const std::vector<Record>& batch) {
    for (const Record& record : batch) {
      member->consumer->Commit({record.topic, record.partition},
                               record.offset + 1);
    }
  };
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 3; }));
  int acknowledged = 0;
  int failed = 0;
  int sent = 0;
  Timer publisher = loop_.SetInterval(absl::Milliseconds(1), [&] {
    for (int i = 0; i < 10 && sent < kCount; ++i, ++sent) {
      (void)transport
          .Publish({MakeRecord(topic, StrCat("key", sent % 20), StrCat(sent))})
          .Then([&] { ++acknowledged; },
                [&](const std::exception_ptr&) { ++failed; });
    }
  });
  ASSERT_TRUE(RunUntil([&] { return acknowledged > 500; }));
  broker().Kill9();
  ASSERT_TRUE(RunUntil([&] { return !transport.health().ok(); }));
  ASSERT_TRUE(broker().RestartSoon().ok());
  ASSERT_TRUE(RunUntil([&] { return acknowledged + failed == kCount; }));
  publisher.Clear();
  EXPECT_EQ(failed, 0);
  // Some may come twice: commits that were on their way are lost.
  std::set<std::string> seen;
  size_t looked = 0;
  ASSERT_TRUE(RunUntil([&] {
    for (; looked < member->records.size(); ++looked) {
      seen.insert(member->records[looked].value);
    }
    return seen.size() >= static_cast<size_t>(kCount);
  }));
  std::map<std::string, int> last;
  int fresh = 0;
  for (const Record& record : member->records) {
    const int number = std::stoi(record.value);
    const auto [key, first] = last.try_emplace(record.key, number);
    if (!first && number <= key->second) continue;  // seen before
    if (!first) {
      EXPECT_EQ(number, key->second + 20);
    }
    key->second = number;
    ++fresh;
  }
  EXPECT_EQ(fresh, kCount);
  // The producer was the same all the time: nothing was written twice.
  const auto offsets = Await(transport.Offsets("nobody", {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  int64_t written = 0;
  for (const GroupOffset& offset : *offsets) written += offset.end;
  EXPECT_EQ(written, kCount);
  Close(*member);
}

// After an outage a broker may shut a named member out for what it did itself:
// a request that was under way comes once more, with the identity of before. So
// it begins anew. Here another member of its name takes the request's part.
TEST_F(KafkaTest, ANamedMemberComesBackAfterALongOutage) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  const std::string group = NewName("group");
  auto member = Join(transport, group, {topic}, "steady");
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
  broker().Kill9();
  ASSERT_TRUE(RunUntil([&] { return !member->revocations.empty(); }));
  EXPECT_EQ(member->revocations.front(), Revoked::kLost);
  ASSERT_TRUE(broker().RestartSoon().ok());
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));

  auto twin = Join(transport, group, {topic}, "steady");
  ASSERT_TRUE(RunUntil([&] { return member->revocations.size() == 2; }));
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
  EXPECT_TRUE(logger_.Has("joins its group anew"));
  // The twin has no outage to blame.
  ASSERT_TRUE(RunUntil([&] { return !twin->troubles.empty(); }));
  EXPECT_THAT(twin->troubles.back().ToString(), HasSubstr("was shut out"));
  twin->consumer.reset();

  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "", "on")})).ok());
  ASSERT_TRUE(RunUntil([&] { return member->values().size() == 1; }));
  ASSERT_TRUE(RunUntil([&] { return transport.health().ok(); }));
  member->CommitAll();
  Close(*member);
  const auto offsets = Await(transport.Offsets(group, {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ(offsets->front().lag(), 0);
}

TEST_F(KafkaTest, APausedBrokerIsNoticedAndPublishingGoesOn) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "k", "1")})).ok());
  broker().Pause();
  Promise<void> published = transport.Publish({MakeRecord(topic, "k", "2")});
  ASSERT_TRUE(RunUntil([&] { return !transport.health().ok(); }));
  broker().Continue();
  EXPECT_TRUE(Await(std::move(published)).ok());
  ASSERT_TRUE(RunUntil([&] { return transport.health().ok(); }));
}

TEST_F(KafkaTest, CloseIsBoundedWhileTheBrokerIsAway) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
  broker().Kill9();
  auto lost = AsStatusOr(transport.Publish({MakeRecord(topic, "k", "v")}));
  auto created =
      AsStatusOr(transport.EnsureTopics({{.name = NewName("topic")}}));
  auto left = AsStatusOr(member->consumer->Close(absl::Seconds(30)));
  auto closed = AsStatusOr(transport.Close(absl::Milliseconds(300)));
  ASSERT_TRUE(RunUntil([&] {
    return lost.settled() && created.settled() && left.settled() &&
           closed.settled();
  }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(closed.value())) << closed.value();
  EXPECT_TRUE(absl::IsDeadlineExceeded(lost.value())) << lost.value();
  EXPECT_TRUE(absl::IsUnavailable(created.value())) << created.value();
  EXPECT_TRUE(left.value().ok()) << left.value();
  ASSERT_TRUE(broker().Restart().ok());
}

TEST_F(KafkaTest, ATransportMayBeDroppedWithEverythingUnderWay) {
  Transport& transport = Open();
  const std::string topic = Topic(transport, 1);
  auto member = Join(transport, NewName("group"), {topic});
  Stream<Record> tail = transport.Tail({topic}, TailFrom::kBeginning, true);
  (void)AsStatusOr(transport.Publish({MakeRecord(topic, "k", "v")}));
  (void)AsStatusOr(transport.Offsets("nobody", {topic}));
  (void)AsStatusOr(transport.EnsureTopics({{.name = NewName("t")}}));
  (void)AsStatusOr(tail.Next());
  member.reset();
  transports_.clear();
  bool later = false;
  loop_.SetTimeout(absl::Milliseconds(20), [&] { later = true; });
  ASSERT_TRUE(RunUntil([&] { return later; }));
}

}  // namespace
}  // namespace millrace::bus
