#include "bus/dead_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/testing/fake_transport.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace::bus {
namespace {

using testing::ElementsAre;

class DeadLettersTest : public testing::Test {
 protected:
  // A letter of event "<offset>" becomes one of the log.
  void Bury(int64_t offset, const std::string& event_id,
            absl::Time time = absl::FromUnixSeconds(1'800'000'000)) {
    DeadLetter letter;
    letter.group = "g";
    letter.failure = absl::InternalError("broken");
    letter.dead_time = time + absl::Seconds(offset + 1);
    letter.source.topic = "t";
    letter.source.partition = 0;
    letter.source.offset = offset;
    letter.source.time = time;
    letter.source.headers.Add("ce_id", event_id);
    transport_.published.push_back(EncodeDeadLetter(letter, "t.dead"));
  }

  template <typename T>
  T Settle(Promise<T> promise) {
    loop_.Run();
    EXPECT_TRUE(promise.settled());
    return promise.value();
  }

  std::vector<DeadLetter> List(DeadLetterQuery query = {}) {
    return Settle(ListDeadLetters(transport_, topics_, query)).letters;
  }
  std::vector<DeadLetter> Replay(DeadLetterQuery query = {}) {
    return Settle(ReplayDeadLetters(transport_, topics_, query, false));
  }

  static std::vector<std::string> EventIds(
      const std::vector<DeadLetter>& letters) {
    std::vector<std::string> ids;
    for (const DeadLetter& letter : letters) {
      ids.emplace_back(letter.source.headers.Find("ce_id").value_or("(none)"));
    }
    return ids;
  }

  EventLoop loop_;
  FakeTransport transport_;
  std::vector<DeadLetterTopic> topics_ = {{"t", "t.dead"}};
};

TEST_F(DeadLettersTest, ATopicThatWasMadeAnewHasOtherLetters) {
  const absl::Time time = absl::FromUnixSeconds(1'800'000'000);
  Bury(5, "before", time);
  EXPECT_THAT(EventIds(Replay()), ElementsAre("before"));
  EXPECT_TRUE(List().empty());
  Bury(5, "after", time + absl::Hours(1));
  Bury(5, "after", time + absl::Hours(1));  // once more, after a crash
  EXPECT_THAT(EventIds(List()), ElementsAre("after"));
  EXPECT_THAT(EventIds(Replay()), ElementsAre("after"));
  EXPECT_TRUE(List().empty());
  DeadLetterQuery all;
  all.include_replayed = true;
  EXPECT_THAT(EventIds(List(all)), ElementsAre("before", "after"));
}

// Letters of before have no time in their ids.
TEST_F(DeadLettersTest, AnIdIsTakenAsItIs) {
  Bury(5, "old");
  transport_.published[0].headers.Add("millrace-dead-id", "g/t/0/5");
  DeadLetterQuery query;
  query.id = "g/t/0/5";
  EXPECT_THAT(EventIds(List(query)), ElementsAre("old"));
  EXPECT_THAT(EventIds(Replay(query)), ElementsAre("old"));
  EXPECT_TRUE(List().empty());
}

}  // namespace
}  // namespace millrace::bus
