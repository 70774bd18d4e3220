#include "bus/topic_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/contract_topics.h"

namespace millrace::bus {
namespace {

using testing::ElementsAre;

TopicSpec Spec(std::string name, int partitions, absl::Duration retention) {
  TopicSpec spec;
  spec.name = std::move(name);
  spec.partitions = partitions;
  spec.retention = retention;
  return spec;
}

std::vector<std::string> Plan(const TopicSpec& wanted,
                              const std::vector<ExistingTopic>& existing,
                              bool allow_more = false) {
  constexpr const char* kNames[] = {"none", "create", "partitions", "retention",
                                    "refused"};
  std::vector<std::string> lines;
  for (const TopicChange& change : PlanTopics({wanted}, existing, allow_more)) {
    EXPECT_EQ(change.wanted.name, wanted.name);
    lines.push_back(
        StrCat(kNames[static_cast<int>(change.kind)], ": ", change.detail));
  }
  return lines;
}

TEST(TopicPlanTest, CreatesWhatIsNotThere) {
  EXPECT_THAT(Plan(Spec("t", 8, absl::Hours(168)), {{"u", 8, {}}}),
              ElementsAre("create: 8 partitions, retention 168h"));
  EXPECT_THAT(Plan(Spec("t", 1, absl::InfiniteDuration()), {}),
              ElementsAre("create: 1 partition, retention for ever"));
  EXPECT_THAT(Plan(Spec("t", 0, absl::ZeroDuration()), {}),
              ElementsAre("create: the default of partitions"));
}

TEST(TopicPlanTest, LeavesAloneWhatIsAsItShouldBe) {
  EXPECT_THAT(Plan(Spec("t", 8, absl::Hours(1)), {{"t", 8, absl::Hours(1)}}),
              ElementsAre("none: "));
  EXPECT_THAT(Plan(Spec("t", 0, absl::ZeroDuration()), {{"t", 3, {}}}),
              ElementsAre("none: "));
}

TEST(TopicPlanTest, ChangesRetention) {
  EXPECT_THAT(Plan(Spec("t", 8, absl::Hours(72)), {{"t", 8, absl::Hours(24)}}),
              ElementsAre("retention: retention 24h -> 72h"));
  EXPECT_THAT(Plan(Spec("t", 8, absl::Hours(72)), {{"t", 8, {}}}),
              ElementsAre("retention: retention the broker's -> 72h"));
}

TEST(TopicPlanTest, RefusesPartitionsUnlessMoreAreAllowed) {
  const TopicSpec spec = Spec("t", 8, absl::ZeroDuration());
  EXPECT_THAT(Plan(spec, {{"t", 12, {}}}, true),
              ElementsAre("refused: 12 -> 8 partitions: a topic cannot have "
                          "fewer than before; let the contract say 12"));
  EXPECT_THAT(Plan(spec, {{"t", 4, {}}}),
              ElementsAre("refused: 4 -> 8 partitions: keys would move, and "
                          "lose their order meanwhile; let everything be "
                          "handled first and repeat with "
                          "--allow-more-partitions"));
  EXPECT_THAT(Plan(spec, {{"t", 4, {}}}, true),
              ElementsAre("partitions: 4 -> 8 partitions"));
}

TEST(TopicPlanTest, ContractsAskForEachTopicOnceAndForItsDeadLetters) {
  const EventInfo event{.name = "Said", .type = "a.Said"};
  ContractInfo one, same;
  one.topic = same.topic = "t";
  one.dead_letter_topic = same.dead_letter_topic = "t.dead";
  one.partitions = 4;
  one.retention = absl::Hours(1);
  one.events = same.events = absl::MakeConstSpan(&event, 1);
  const std::vector<TopicSpec> topics = AllTopicsOf({&one, &same, &one});
  ASSERT_EQ(topics.size(), 2u);
  EXPECT_EQ(topics[0].name, "t");
  EXPECT_EQ(topics[0].partitions, 4);
  EXPECT_EQ(topics[0].retention, absl::Hours(1));
  EXPECT_EQ(topics[1].name, "t.dead");
  EXPECT_EQ(topics[1].partitions, 4);
  EXPECT_EQ(topics[1].retention, absl::Hours(720));
}

}  // namespace
}  // namespace millrace::bus
