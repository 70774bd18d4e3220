// What becomes of partitions that come, go, return and begin anew.

#include "bus/testing/subscription_fixture.h"
#include "loop/combinators.h"
#include "loop/testing/virtual_time.h"

namespace millrace::bus {
namespace {

using testing::ElementsAre;

TEST_F(SubscriptionTest, WhatTheOwnerBeforeHasFinishedIsNotDeliveredAgain) {
  Start();
  Assign(0, {{1, 3}, {4, 5}});
  Deliver({At(0, "a"), At(1, "a"), At(2, "b"), At(3, "a"), At(4, "b")});
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  EXPECT_EQ(Committed(), Progress(0, {{1, 3}, {4, 5}}));
  EXPECT_EQ(subscription_->in_flight(), 2u);
  Answer("0");
  EXPECT_EQ(Committed(), Progress(3, {{4, 5}}));
  Answer("3");
  EXPECT_EQ(Committed(), Progress(5));
  EXPECT_THAT(listener_.begun, ElementsAre("0", "3"));
}

TEST_F(SubscriptionTest, ATopicThatIsMadeAnewIsReadFromItsStart) {
  SubscriptionOptions options;
  options.max_in_flight = 3;
  Start(options);
  Assign(0, {{12, 14}});
  Deliver({At(9, "a"), At(10, "a"), At(11, "b")});
  EXPECT_FALSE(transport_.log->paused.empty());
  Deliver({At(5, "a"), At(12, "c")});
  EXPECT_TRUE(transport_.log->paused.empty());
  // Those of before run on, and hold the new ones back.
  EXPECT_THAT(listener_.begun, ElementsAre("9", "11"));
  Answer("9");
  Answer("11");
  EXPECT_EQ(Committed(), std::nullopt);
  EXPECT_THAT(listener_.begun, ElementsAre("9", "11", "5", "12"));
  Answer("12");
  EXPECT_EQ(Committed(), Progress(5, {{12, 13}}));
  Answer("5");
  EXPECT_EQ(Committed(), Progress(13));
}

TEST_F(SubscriptionTest, WhatIsFinishedAtTheHandOverIsCommittedWithIt) {
  Start();
  Assign(0);
  Deliver({At(0, "slow"), At(1, "a"), At(2, "b")});
  Promise<void> revoked;
  std::optional<Progress> committed;
  Do([&] {
    std::vector<TopicPartition> taken = {{"t", 0}};
    revoked = transport_.events->OnRevoked(taken, Revoked::kHandedOver);
    listener_.Answer("1");
    listener_.Answer("2");
    listener_.Answer("0", absl::InternalError("not here"));
    // Before this turn of the loop has ended.
    revoked.Then([&] { committed = Committed(); }).Detach();
  });
  EXPECT_EQ(committed, Progress(0, {{1, 3}}));
}

TEST_F(SubscriptionTest, ALostPartitionIsNeverCommittedAndItsQueueDropped) {
  Start();
  Assign(0);
  Deliver({At(0, "a"), At(1, "a"), At(2, "b")});
  Do([this] {
    std::vector<TopicPartition> lost = {{"t", 0}};
    (void)transport_.events->OnRevoked(lost, Revoked::kLost);
  });
  Answer("0");
  Answer("2");
  EXPECT_EQ(Committed(), std::nullopt);
  EXPECT_THAT(listener_.begun, ElementsAre("0", "2"));
}

TEST_F(SubscriptionTest, RecordsOfAPartitionNotOursAreIgnored) {
  Start();
  Assign(0);
  Deliver({At(0, "a", 5)});
  EXPECT_TRUE(listener_.begun.empty());
}

TEST_F(SubscriptionTest, AKeyIsNotWorkedOnTwiceAfterTheBoundHasPassed) {
  SubscriptionOptions options;
  options.revoke_bound = absl::Milliseconds(1);
  Start(options);
  Assign(0);
  Deliver({At(0, "a")});
  Do([this] {
    std::vector<TopicPartition> taken = {{"t", 0}};
    (void)transport_.events->OnRevoked(taken, Revoked::kHandedOver);
  });
  Assign(0);
  Deliver({At(0, "a"), At(1, "b")});
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Answer("0");
  EXPECT_THAT(listener_.begun, ElementsAre("0", "0", "1"));
  EXPECT_EQ(Committed(), std::nullopt);
  Answer("0");
  EXPECT_EQ(Committed(), Progress(1));
  Answer("1");
}

TEST_F(SubscriptionTest, NothingBeginsWhenTheListenersWereToldThatTimeIsUp) {
  VirtualTime time(loop_, absl::FromUnixSeconds(1'800'000'000));
  Start();
  Assign(0);
  Deliver({At(0, "a"), At(1, "a"), At(2, "b")});
  Promise<absl::Status> drained;
  Do([&] {
    drained = AsStatusOr(subscription_->Drain(absl::Seconds(10)));
    loop_.SetTimeout(absl::Seconds(7), [&] { listener_.Answer("2"); });
    loop_.SetTimeout(absl::Seconds(8), [&] { listener_.Answer("0"); });
  });
  EXPECT_THAT(listener_.begun, ElementsAre("0", "2"));
  EXPECT_EQ(Committed(), Progress(1, {{2, 3}}));
  ASSERT_TRUE(drained.settled());
  EXPECT_EQ(drained.value().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SubscriptionTest, APausedSubscriptionDrainsOnlyWhatRuns) {
  Start();
  Assign(0);
  Deliver({At(0, "a"), At(1, "a"), At(2, "a")});
  subscription_->Pause();
  Promise<void> drained;
  Do([&] { drained = subscription_->Drain(absl::InfiniteDuration()); });
  EXPECT_FALSE(drained.settled());
  Answer("0");
  EXPECT_TRUE(drained.settled());
  EXPECT_EQ(Committed(), Progress(1));
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
}

TEST_F(SubscriptionTest,
       APartitionThatReturnsWhileItLeavesWaitsForItsHandlers) {
  Start();
  Assign(0);
  Deliver({At(0, "a")});
  Promise<void> revoked;
  Do([&] {
    revoked = transport_.events->OnRevoked({{"t", 0}}, Revoked::kHandedOver);
    transport_.events->OnAssigned({{{"t", 0}, {}}});
    transport_.events->OnRecords({At(0, "a"), At(1, "a")});
    loop_.Stop();
  });
  EXPECT_THAT(listener_.begun, ElementsAre("0"));
  Answer("0");
  EXPECT_TRUE(revoked.settled());
  EXPECT_THAT(listener_.begun, ElementsAre("0", "0"));
  EXPECT_EQ(Committed(), std::nullopt);
  Answer("0");
  Answer("1");
  EXPECT_EQ(Committed(), Progress(2));
}

}  // namespace
}  // namespace millrace::bus
