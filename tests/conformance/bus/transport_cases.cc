// Cases of the interface itself: records in, records out.

#include <random>
#include <set>

#include "base/strings.h"
#include "bus/partitioner.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

std::string RandomBytes(std::mt19937& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random() & 0xff);
  return bytes;
}

Promise<std::string> NewTopic(BusConformance& test, int partitions) {
  std::vector<TopicSpec> topics(1);
  topics[0].name = test.UniqueName("topic");
  topics[0].partitions = partitions;
  const std::string name = topics[0].name;
  co_await test.transport().EnsureTopics(std::move(topics));
  co_return name;
}

// 1: bytes, headers and time are what they were.
Promise<void> KeepsRecordsWhole(BusConformance& test) {
  const std::string topic = co_await NewTopic(test, 3);
  std::mt19937 random(1);
  std::map<std::string, Record> published;
  std::vector<Record> records;
  for (int i = 0; i < 100; ++i) {
    Record record;
    record.topic = topic;
    record.key = StrCat("key", i) + std::string("\0\xff", 2);
    record.headers = {
        {"a", RandomBytes(random, 5)}, {"b", ""}, {"a", StrCat("again ", i)}};
    record.has_value = i % 10 != 9;
    if (record.has_value) {
      record.value = RandomBytes(random, i == 0 ? 0 : random() % 3000);
    }
    record.time = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now()) - i);
    published[record.key] = record;
    records.push_back(std::move(record));
  }
  co_await test.transport().Publish(std::move(records));
  const std::vector<Record> read = co_await ReadAll(test.transport(), topic);
  EXPECT_EQ(read.size(), published.size());
  std::set<std::pair<int, int64_t>> places;
  for (const Record& record : read) {
    const Record& before = published[record.key];
    EXPECT_EQ(record.topic, topic);
    EXPECT_EQ(record.headers, before.headers);
    EXPECT_EQ(record.has_value, before.has_value);
    EXPECT_EQ(record.value, before.value);
    EXPECT_EQ(record.time, before.time);
    EXPECT_EQ(record.partition, PartitionOf(record.key, 3));
    EXPECT_TRUE(places.emplace(record.partition, record.offset).second);
  }
}

TEST_P(BusConformance, Case01KeepsRecordsWhole) { Run(KeepsRecordsWhole); }

Promise<std::vector<std::string>> ValuesFrom(BusConformance& test,
                                             std::vector<TailStart> starts) {
  Stream<Record> stream = test.transport().TailAt(std::move(starts), false);
  std::vector<std::string> values;
  while (std::optional<Record> record = co_await stream.Next()) {
    values.push_back(record->value);
  }
  co_return values;
}

// 1: a tail begins where it is told to; beyond the end there is nothing.
Promise<void> TailBeginsWhereItIsTold(BusConformance& test) {
  const std::string topic = co_await NewTopic(test, 2);
  std::vector<Record> records(5);
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].topic = topic;
    records[i].partition = i == 4 ? 1 : 0;
    records[i].value = StrCat(i);
  }
  co_await test.transport().Publish(std::move(records));
  std::vector<std::string> topics(1, topic);
  Promise<std::vector<GroupOffset>> asking =
      test.transport().Offsets("", std::move(topics));
  const std::vector<GroupOffset> offsets = co_await std::move(asking);
  EXPECT_EQ(offsets.size(), 2u);
  if (offsets.size() != 2) co_return;
  EXPECT_EQ(offsets[0].committed, -1);
  EXPECT_EQ(offsets[0].begin, 0);
  EXPECT_EQ(offsets[0].end, 4);
  std::vector<TailStart> starts(1);
  starts[0].partition = offsets[0].partition;
  starts[0].offset = 2;
  std::vector<std::string> values = co_await ValuesFrom(test, starts);
  EXPECT_EQ(values, (std::vector<std::string>{"2", "3"}));
  starts[0].offset = 9;
  values = co_await ValuesFrom(test, starts);
  EXPECT_EQ(values, std::vector<std::string>());
  starts[0].partition = offsets[1].partition;
  starts[0].offset = 0;
  values = co_await ValuesFrom(test, starts);
  EXPECT_EQ(values, std::vector<std::string>{"4"});
}

TEST_P(BusConformance, Case01TailBeginsWhereItIsTold) {
  Run(TailBeginsWhereItIsTold);
}

// 1: a tail that follows sees what comes, and ends when it is cancelled or the
// transport closes.
Promise<void> TailFollowsAndEnds(BusConformance& test) {
  const std::string topic = co_await NewTopic(test, 1);
  std::vector<std::string> topics(1, topic);
  std::vector<Record> early(1);
  early[0].topic = topic;
  early[0].key = "k";
  early[0].value = "early";
  co_await test.transport().Publish(early);
  Stream<Record> all =
      test.transport().Tail(topics, TailFrom::kBeginning, true);
  const std::optional<Record> first = co_await all.Next();
  EXPECT_EQ(first ? first->value : "(end)", "early");
  Promise<std::optional<Record>> next = all.Next();
  EXPECT_FALSE(next.settled());
  std::vector<Record> late = early;
  late[0].value = "late";
  co_await test.transport().Publish(late);
  const std::optional<Record> second = co_await std::move(next);
  EXPECT_EQ(second ? second->value : "(end)", "late");
  Promise<std::optional<Record>> last = all.Next();
  co_await BusConformance::CloseTransport(test);
  const std::optional<Record> ended = co_await std::move(last);
  EXPECT_FALSE(ended.has_value());
}

TEST_P(BusConformance, Case01TailFollowsAndEndsOnClose) {
  Run(TailFollowsAndEnds);
}

// A tail from the end leaves out what was there before.
Promise<void> TailFromTheEnd(BusConformance& test) {
  const std::string topic = co_await NewTopic(test, 1);
  std::vector<std::string> topics(1, topic);
  std::vector<Record> records(1);
  records[0].topic = topic;
  records[0].value = "before";
  co_await test.transport().Publish(records);
  Stream<Record> tail = test.transport().Tail(topics, TailFrom::kEnd, true);
  Promise<std::optional<Record>> next = tail.Next();
  // Where the end is is decided soon, not at once: publish until it shows.
  for (int i = 0; !next.settled(); ++i) {
    records[0].value = StrCat("after ", i);
    co_await test.transport().Publish(records);
    co_await Delay(absl::Milliseconds(5));
  }
  const std::optional<Record> seen = co_await std::move(next);
  EXPECT_TRUE(seen && seen->value.substr(0, 5) == "after");
}

TEST_P(BusConformance, TailFromTheEndLeavesOutWhatWasThere) {
  Run(TailFromTheEnd);
}

// 12: cancelling a tail ends it; the records stay for others.
Promise<void> CancelledTail(BusConformance& test) {
  const std::string topic = co_await NewTopic(test, 1);
  std::vector<std::string> topics(1, topic);
  Stream<Record> tail =
      test.transport().Tail(topics, TailFrom::kBeginning, true);
  const Promise<absl::StatusOr<std::optional<Record>>> next =
      AsStatusOr(tail.Next());
  tail.Cancel();
  const auto outcome = co_await next;
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kCancelled);
  std::vector<Record> records(1);
  records[0].topic = topic;
  records[0].value = "kept";
  co_await test.transport().Publish(records);
  const std::vector<Record> read = co_await ReadAll(test.transport(), topic);
  EXPECT_EQ(read.size(), 1u);
}

TEST_P(BusConformance, Case12CancelledTailLeavesTheRecords) {
  Run(CancelledTail);
}

// 4: topics do not see each other's records.
Promise<void> TopicIsolation(BusConformance& test) {
  const std::string a = co_await NewTopic(test, 2);
  const std::string b = co_await NewTopic(test, 2);
  std::vector<Record> records(20);
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].topic = i % 2 == 0 ? a : b;
    records[i].key = StrCat(i);
    records[i].value = records[i].topic;
  }
  co_await test.transport().Publish(std::move(records));
  for (const std::string& topic : {a, b}) {
    const std::vector<Record> read = co_await ReadAll(test.transport(), topic);
    EXPECT_EQ(read.size(), 10u);
    for (const Record& record : read) EXPECT_EQ(record.value, topic);
  }
}

TEST_P(BusConformance, Case04TopicIsolation) { Run(TopicIsolation); }

// 10: what is published side by side arrives, in order within each key.
Promise<void> PublisherFlush(BusConformance& test) {
  const std::string topic = co_await NewTopic(test, 4);
  const int count = test.features().many_records;
  std::vector<Promise<void>> publishing;
  for (int i = 0; i < count; ++i) {
    std::vector<Record> records(1);
    records[0].topic = topic;
    records[0].key = StrCat("k", i % 16);
    records[0].value = StrCat(i);
    publishing.push_back(test.transport().Publish(std::move(records)));
  }
  co_await All(std::move(publishing));
  const std::vector<Record> read = co_await ReadAll(test.transport(), topic);
  EXPECT_EQ(read.size(), static_cast<size_t>(count));
  std::map<std::string, int> last;
  for (const Record& record : read) {
    const int number = std::stoi(record.value);
    const auto [it, is_new] = last.emplace(record.key, number);
    EXPECT_TRUE(is_new || it->second < number) << record.key;
    it->second = number;
  }
}

TEST_P(BusConformance, Case10PublisherFlush) { Run(PublisherFlush); }

Promise<void> RefusesWhatCannotBe(BusConformance& test) {
  std::vector<std::string> missing(1, test.UniqueName("missing"));
  std::vector<Record> records(1);
  records[0].topic = missing[0];
  const absl::Status publish =
      co_await AsStatusOr(test.transport().Publish(records));
  EXPECT_EQ(publish.code(), absl::StatusCode::kNotFound) << publish;
  Stream<Record> tail =
      test.transport().Tail(missing, TailFrom::kBeginning, false);
  const auto next = co_await AsStatusOr(tail.Next());
  EXPECT_EQ(next.status().code(), absl::StatusCode::kNotFound);
  records[0].topic = co_await NewTopic(test, 1);
  records[0].value.assign(16 << 20, 'x');
  const absl::Status large =
      co_await AsStatusOr(test.transport().Publish(records));
  EXPECT_EQ(large.code(), absl::StatusCode::kInvalidArgument) << large;
}

TEST_P(BusConformance, RefusesMissingTopicsAndHugeRecords) {
  Run(RefusesWhatCannotBe);
}

// 29: degraded while the log is stopped, healthy when it is back.
Promise<void> Health(BusConformance& test) {
  if (!test.features().restart) co_return;
  const std::string topic = co_await NewTopic(test, 1);
  co_await test.Until([&] { return test.transport().health().ok(); },
                      "health at first");
  test.harness().StopLog();
  co_await test.Until([&] { return !test.transport().health().ok(); },
                      "bad health while the log is stopped");
  test.harness().StartLog();
  co_await test.Until([&] { return test.transport().health().ok(); },
                      "health after the restart");
  std::vector<Record> records(1);
  records[0].topic = topic;
  co_await test.transport().Publish(records);
}

TEST_P(BusConformance, Case29Health) {
  if (harness_ok() && !features().restart) {
    GTEST_SKIP() << "this log cannot be stopped under a transport";
  }
  Run(Health);
}

}  // namespace
}  // namespace millrace::bus::conformance
