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
  static DeadLetter Letter(int64_t offset, const std::string& event_id,
                           size_t value_bytes = 0) {
    DeadLetter letter;
    letter.group = "g";
    letter.failure = absl::InternalError("broken");
    letter.dead_time = kTime + absl::Seconds(offset + 1);
    letter.source.topic = "t";
    letter.source.partition = 0;
    letter.source.offset = offset;
    letter.source.time = kTime;
    letter.source.headers.Add("ce_id", event_id);
    letter.source.value.assign(value_bytes, 'x');
    return letter;
  }

  void Bury(const DeadLetter& letter) {
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
    ReplayedLetters replayed =
        Settle(ReplayDeadLetters(transport_, topics_, query, false));
    EXPECT_FALSE(replayed.more);
    return replayed.letters;
  }

  static std::vector<std::string> EventIds(
      const std::vector<DeadLetter>& letters) {
    std::vector<std::string> ids;
    for (const DeadLetter& letter : letters) {
      ids.emplace_back(letter.source.headers.Find("ce_id").value_or("(none)"));
    }
    return ids;
  }

  static constexpr absl::Time kTime = absl::FromUnixSeconds(1'800'000'000);

  EventLoop loop_;
  FakeTransport transport_;
  std::vector<DeadLetterTopic> topics_ = {{"t", "t.dead"}};
};

TEST_F(DeadLettersTest, ATopicThatWasMadeAnewHasOtherLetters) {
  Bury(Letter(5, "before"));
  EXPECT_THAT(EventIds(Replay()), ElementsAre("before"));
  EXPECT_TRUE(List().empty());
  DeadLetter after = Letter(5, "after");
  after.source.time += absl::Hours(1);
  after.dead_time += absl::Hours(1);
  Bury(after);
  Bury(after);  // once more, after a crash
  EXPECT_THAT(EventIds(List()), ElementsAre("after"));
  EXPECT_THAT(EventIds(Replay()), ElementsAre("after"));
  EXPECT_TRUE(List().empty());
  DeadLetterQuery all;
  all.include_replayed = true;
  EXPECT_THAT(EventIds(List(all)), ElementsAre("before", "after"));
}

// Letters of before have no time in their ids.
TEST_F(DeadLettersTest, AnIdIsTakenAsItIs) {
  Bury(Letter(5, "old"));
  transport_.published[0].headers.Add("millrace-dead-id", "g/t/0/5");
  DeadLetterQuery query;
  query.id = "g/t/0/5";
  EXPECT_THAT(EventIds(List(query)), ElementsAre("old"));
  EXPECT_THAT(EventIds(Replay(query)), ElementsAre("old"));
  EXPECT_TRUE(List().empty());
}

// Small ones behind a large one are not taken before it.
TEST_F(DeadLettersTest, PagesOfLargeLettersAreShort) {
  Bury(Letter(0, "a", 400));
  Bury(Letter(1, "b", 5000));
  Bury(Letter(2, "c"));
  Bury(Letter(3, "d"));
  DeadLetterQuery query;
  query.max_page_bytes = 1500;
  std::vector<std::vector<std::string>> pages;
  do {
    const DeadLetterPage page =
        Settle(ListDeadLetters(transport_, topics_, query));
    pages.push_back(EventIds(page.letters));
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty());
  EXPECT_THAT(pages, ElementsAre(ElementsAre("a"), ElementsAre("b"),
                                 ElementsAre("c", "d")));
}

TEST_F(DeadLettersTest, OneCallReplaysSoManyBytes) {
  constexpr size_t kMiB = 1 << 20;
  for (int i = 0; i < 40; ++i) Bury(Letter(i, StrCat(i), kMiB));
  std::vector<std::string> replayed;
  for (const bool more : {true, false}) {
    const ReplayedLetters some =
        Settle(ReplayDeadLetters(transport_, topics_, {}, false));
    EXPECT_EQ(some.more, more);
    EXPECT_LT(some.letters.size() * kMiB, kMaxReplayBytes);
    for (const std::string& id : EventIds(some.letters)) replayed.push_back(id);
  }
  ASSERT_EQ(replayed.size(), 40u);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(replayed[i], StrCat(i));
  EXPECT_TRUE(List().empty());
}

TEST_F(DeadLettersTest, WhatCannotBeReplayedIsNotSaidToBe) {
  DeadLetter strange = Letter(0, "of an undeclared topic");
  strange.source.topic = "other";
  Bury(strange);
  Bury(Letter(1, "truncated", 100));
  ASSERT_TRUE(Truncate(&transport_.published.back()));
  Bury(Letter(2, "declared"));
  EXPECT_THAT(EventIds(Replay()), ElementsAre("declared"));
  EXPECT_THAT(EventIds(List()),
              ElementsAre("of an undeclared topic", "truncated"));
}

}  // namespace
}  // namespace millrace::bus
