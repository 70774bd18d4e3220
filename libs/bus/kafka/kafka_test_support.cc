#include "bus/kafka/kafka_test_support.h"

#include <algorithm>

#include "base/ids.h"
#include "base/strings.h"

namespace millrace::bus {

void TestLogger::Write(Severity, std::string_view message,
                       absl::Span<const LogField> fields) {
  std::string line(message);
  for (const LogField& field : fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      StrAppend(&line, " ", field.key, "=", *text);
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  lines_.push_back(std::move(line));
}

bool TestLogger::Has(std::string_view message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) {
    return line.find(message) != std::string::npos;
  });
}

std::string TestLogger::Last(size_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string text;
  for (size_t i = lines_.size() - std::min(count, lines_.size());
       i < lines_.size(); ++i) {
    StrAppend(&text, "  ", lines_[i], "\n");
  }
  return text;
}

void TestMember::OnAssigned(std::vector<AssignedPartition> partitions) {
  ++assignments;
  for (AssignedPartition& partition : partitions) {
    assigned.insert(partition.id);
    finished[partition.id] = std::move(partition.finished);
  }
}

Promise<void> TestMember::OnRevoked(std::vector<TopicPartition> partitions,
                                    Revoked how) {
  revocations.push_back(how);
  for (const TopicPartition& partition : partitions) assigned.erase(partition);
  if (on_revoked) return on_revoked(std::move(partitions), how);
  return Promise<void>::Resolve();
}

void TestMember::OnRecords(std::vector<Record> batch) {
  largest_batch = std::max(largest_batch, batch.size());
  for (const Record& record : batch) {
    EXPECT_TRUE(assigned.count({record.topic, record.partition}))
        << record.topic << " " << record.partition << " is not ours";
  }
  records.insert(records.end(), batch.begin(), batch.end());
  if (on_records) on_records(batch);
}

void TestMember::OnTrouble(const absl::Status& status) {
  troubles.push_back(status);
}

void TestMember::CommitAll() {
  for (const Record& record : records) {
    consumer->Commit({record.topic, record.partition}, record.offset + 1);
  }
}

std::vector<std::string> TestMember::values() const {
  std::vector<std::string> values;
  for (const Record& record : records) values.push_back(record.value);
  return values;
}

std::vector<TopicPartition> TestMember::owned() const {
  return {assigned.begin(), assigned.end()};
}

absl::StatusOr<std::unique_ptr<testing::KafkaServer>>* KafkaTest::server_ =
    nullptr;

void KafkaTest::SetUpTestSuite() {
  server_ = new absl::StatusOr<std::unique_ptr<testing::KafkaServer>>(
      // Smaller than what the transport takes: see the tests of large records.
      testing::KafkaServer::Start({"message.max.bytes=300000"}));
}

void KafkaTest::TearDownTestSuite() {
  delete server_;
  server_ = nullptr;
}

void KafkaTest::SetUp() {
  if (!server_->ok()) GTEST_SKIP() << MessageOf(server_->status());
}

void KafkaTest::TearDown() { transports_.clear(); }

KafkaOptions KafkaTest::Options() {
  KafkaOptions options;
  options.brokers = broker().brokers();
  options.session_timeout = absl::Seconds(3);
  options.commit_interval = absl::Milliseconds(50);
  options.metadata_refresh = absl::Milliseconds(500);
  return options;
}

Transport& KafkaTest::Open(KafkaOptions options) {
  auto transport = OpenKafka(loop_, std::move(options), logger_);
  EXPECT_TRUE(transport.ok()) << transport.status();
  transports_.push_back(*std::move(transport));
  return *transports_.back();
}

void KafkaTest::Drop(Transport& transport) {
  EXPECT_TRUE(Await(transport.Close(absl::Seconds(30))).ok());
  std::erase_if(transports_,
                [&](const auto& one) { return one.get() == &transport; });
}

std::string KafkaTest::NewName(const std::string& prefix) {
  return prefix + "-" + NewId();
}

std::string KafkaTest::Topic(Transport& transport, int partitions) {
  const std::string name = NewName("topic");
  const absl::Status status =
      Await(transport.EnsureTopics({{.name = name, .partitions = partitions}}));
  EXPECT_TRUE(status.ok()) << status;
  return name;
}

std::unique_ptr<TestMember> KafkaTest::Join(Transport& transport,
                                            const std::string& group,
                                            std::vector<std::string> topics,
                                            const std::string& member_id) {
  auto member = std::make_unique<TestMember>();
  auto consumer =
      transport.Join({group, std::move(topics), member_id}, *member);
  EXPECT_TRUE(consumer.ok()) << consumer.status();
  member->consumer = *std::move(consumer);
  return member;
}

void KafkaTest::Close(TestMember& member, absl::Duration bound) {
  const absl::Status status = Await(member.consumer->Close(bound));
  EXPECT_TRUE(status.ok()) << status;
  member.consumer.reset();
}

bool KafkaTest::RunUntil(const std::function<bool()>& done) {
  const int64_t patience = loop_.TimeMs() + 60'000;
  bool stuck = false;
  Timer check = loop_.SetInterval(absl::Milliseconds(2), [&] {
    stuck = loop_.TimeMs() > patience;
    if (done() || stuck) loop_.Stop();
  });
  if (!done()) loop_.Run();
  check.Clear();
  EXPECT_FALSE(stuck) << "waited for too long; the last that was logged:\n"
                      << logger_.Last(20);
  return !stuck;
}

std::pair<absl::Status, absl::Status> KafkaTest::PublishBoth(
    Transport& transport, const Record& one, const Record& two) {
  const auto first = AsStatusOr(transport.Publish({one}));
  const auto second = AsStatusOr(transport.Publish({two}));
  if (!RunUntil([&] { return first.settled() && second.settled(); })) return {};
  return {first.value(), second.value()};
}

namespace {

Promise<void> Drain(Stream<Record> stream, std::vector<Record>* records) {
  while (std::optional<Record> record = co_await stream.Next()) {
    records->push_back(*std::move(record));
  }
}

}  // namespace

absl::Status KafkaTest::ReadAll(Stream<Record> stream,
                                std::vector<Record>* records) {
  return Await(Drain(std::move(stream), records));
}

Record MakeRecord(const std::string& topic, const std::string& key,
                  const std::string& value) {
  Record record;
  record.topic = topic;
  record.key = key;
  record.value = value;
  return record;
}

std::vector<Record> Numbered(const std::string& topic, int partitions, int from,
                             int to) {
  std::vector<Record> records;
  for (int i = from; i < to; ++i) {
    records.push_back(MakeRecord(topic, "", std::to_string(i)));
    records.back().partition = i % partitions;
  }
  return records;
}

}  // namespace millrace::bus
