// A member whose loop stands still.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "bus/kafka/kafka_test_support.h"

namespace millrace::bus {
namespace {

TEST_F(KafkaTest, ALoopThatStoodStillIsToldOfAndItsMemberComesBack) {
  KafkaOptions options = Options();
  options.session_timeout = absl::Seconds(2);
  options.properties = {{"max.poll.interval.ms", "2000"}};
  Transport& transport = Open(options);
  const std::string topic = Topic(transport, 1);
  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "k", "1")})).ok());
  ASSERT_TRUE(RunUntil([&] { return member->records.size() == 1; }));
  absl::SleepFor(absl::Seconds(5));
  ASSERT_TRUE(RunUntil([&] {
    return std::any_of(member->troubles.begin(), member->troubles.end(),
                       [](const absl::Status& trouble) {
                         return trouble.message().find("stood still") !=
                                absl::string_view::npos;
                       });
  }));
  // The record was not committed: it is seen again.
  ASSERT_TRUE(RunUntil([&] { return member->values().size() >= 2; }));
  EXPECT_EQ(member->values().back(), "1");
  Close(*member);
  Drop(transport);
}

}  // namespace
}  // namespace millrace::bus
