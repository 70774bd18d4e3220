// What the tests of the Kafka transport share: one broker for the program, a
// loop, and a consumer that remembers what it was told.
#ifndef MILLRACE_BUS_KAFKA_KAFKA_TEST_SUPPORT_H_
#define MILLRACE_BUS_KAFKA_KAFKA_TEST_SUPPORT_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/logger.h"
#include "bus/kafka/kafka_transport.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "tests/support/kafka_server.h"

namespace millrace::bus {

// Keeps the lines; any thread.
class TestLogger final : public Logger {
 public:
  bool Enabled(Severity) const override { return true; }
  void Write(Severity severity, std::string_view message,
             absl::Span<const LogField> fields) override;
  bool Has(std::string_view message);
  // The last lines, for the message of a failure.
  std::string Last(size_t count);

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// A member of a group.
class TestMember final : public ConsumerEvents {
 public:
  void OnAssigned(std::vector<AssignedPartition> partitions) override;
  Promise<void> OnRevoked(std::vector<TopicPartition> partitions,
                          Revoked how) override;
  void OnRecords(std::vector<Record> batch) override;
  void OnTrouble(const absl::Status& status) override;

  // Commits everything received.
  void CommitAll();
  // Values in the order of their arrival.
  std::vector<std::string> values() const;
  std::vector<TopicPartition> owned() const;

  std::unique_ptr<Consumer> consumer;
  std::set<TopicPartition> assigned;
  // The islands that came with them, of the last time.
  std::map<TopicPartition, std::vector<OffsetRange>> finished;
  std::vector<Record> records;
  std::vector<Revoked> revocations;
  std::vector<absl::Status> troubles;
  int assignments = 0;
  size_t largest_batch = 0;
  // Called instead of the default, which gives everything away at once.
  std::function<Promise<void>(std::vector<TopicPartition>, Revoked)> on_revoked;
  std::function<void(const std::vector<Record>&)> on_records;
};

class KafkaTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  static testing::KafkaServer& broker() { return *server_->value(); }
  static KafkaOptions Options();
  Transport& Open(KafkaOptions options = Options());
  // Closes and destroys it.
  void Drop(Transport& transport);

  // A topic of this test that exists.
  std::string Topic(Transport& transport, int partitions);
  static std::string NewName(const std::string& prefix);

  std::unique_ptr<TestMember> Join(Transport& transport,
                                   const std::string& group,
                                   std::vector<std::string> topics,
                                   const std::string& member_id = {});
  void Close(TestMember& member, absl::Duration bound = absl::Seconds(30));

  // Runs the loop until it is true. Fails the test, and returns false, when
  // that takes so long that it must be stuck.
  bool RunUntil(const std::function<bool()>& done);

  template <typename T>
  auto Await(Promise<T> promise) {
    Promise<StatusOrVoid<T>> outcome = AsStatusOr(std::move(promise));
    RunUntil([&] { return outcome.settled(); });
    if (!outcome.settled()) {
      return StatusOrVoid<T>(absl::InternalError("stuck"));
    }
    return outcome.value();
  }

  // How two calls side by side end.
  std::pair<absl::Status, absl::Status> PublishBoth(Transport& transport,
                                                    const Record& one,
                                                    const Record& two);

  // Everything a stream has, until its end or its error.
  absl::Status ReadAll(Stream<Record> stream, std::vector<Record>* records);

  EventLoop loop_;
  TestLogger logger_;
  std::vector<std::unique_ptr<Transport>> transports_;

 private:
  static absl::StatusOr<std::unique_ptr<testing::KafkaServer>>* server_;
};

Record MakeRecord(const std::string& topic, const std::string& key,
                  const std::string& value);

// The numbers from `from` to `to`, dealt to the partitions.
std::vector<Record> Numbered(const std::string& topic, int partitions, int from,
                             int to);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_KAFKA_KAFKA_TEST_SUPPORT_H_
