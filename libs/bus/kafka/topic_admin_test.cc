#include "bus/kafka/topic_admin.h"

#include <gmock/gmock.h>

#include "base/strings.h"
#include "bus/kafka/kafka_test_support.h"

namespace millrace::bus {
namespace {

using ::testing::HasSubstr;
using Kind = TopicChange::Kind;

class TopicAdminTest : public KafkaTest {
 protected:
  void SetUp() override {
    KafkaTest::SetUp();
    if (IsSkipped()) return;
    auto admin = OpenTopicAdmin(loop_, Options(), logger_);
    ASSERT_TRUE(admin.ok()) << admin.status();
    admin_ = *std::move(admin);
    wanted_.name = NewName("applied");
    wanted_.partitions = 2;
    wanted_.retention = absl::Hours(24);
  }

  absl::Status Apply(Kind kind) { return admin_->Apply({kind, wanted_, ""}); }

  ExistingTopic Described() {
    const auto found = admin_->Describe({wanted_.name, "none.of.that.name"});
    if (!found.ok() || found->size() != 1) {
      ADD_FAILURE() << found.status();
      return {};
    }
    return found->front();
  }

  std::unique_ptr<TopicAdmin> admin_;
  TopicSpec wanted_;
};

TEST_F(TopicAdminTest, CreatesAndChangesATopic) {
  ASSERT_TRUE(admin_->Describe({wanted_.name})->empty());
  ASSERT_TRUE(Apply(Kind::kCreate).ok());
  ASSERT_TRUE(
      RunUntil([&] { return admin_->Describe({wanted_.name})->size() == 1; }));
  EXPECT_EQ(Described().partitions, 2);
  EXPECT_EQ(Described().retention, absl::Hours(24));

  wanted_.retention = absl::InfiniteDuration();
  ASSERT_TRUE(Apply(Kind::kRetention).ok());
  EXPECT_TRUE(RunUntil(
      [&] { return Described().retention == absl::InfiniteDuration(); }));

  wanted_.partitions = 5;
  ASSERT_TRUE(Apply(Kind::kPartitions).ok());
  EXPECT_TRUE(RunUntil([&] { return Described().partitions == 5; }));
  // What was there is left as it is.
  EXPECT_EQ(Described().retention, absl::InfiniteDuration());
}

TEST_F(TopicAdminTest, ATopicThatSomebodyElseHasMadeIsThere) {
  ASSERT_TRUE(Apply(Kind::kCreate).ok());
  EXPECT_EQ(Apply(Kind::kCreate), absl::OkStatus());
}

TEST_F(TopicAdminTest, WhatKafkaRefusesIsSaidWithTheTopic) {
  wanted_.name = "no topic can have this name";
  EXPECT_THAT(Apply(Kind::kCreate).ToString(),
              HasSubstr(StrCat("create topic ", wanted_.name)));
  wanted_.name = NewName("missing");
  EXPECT_THAT(Apply(Kind::kPartitions).ToString(),
              HasSubstr(StrCat("add partitions to topic ", wanted_.name)));
  EXPECT_THAT(Apply(Kind::kRetention).ToString(),
              HasSubstr(StrCat("topic ", wanted_.name)));
}

TEST_F(TopicAdminTest, ATransportThatMayNotCreateNamesWhatIsMissing) {
  KafkaOptions options = Options();
  options.create_topics = false;
  Transport& transport = Open(options);
  const absl::Status missing = Await(transport.EnsureTopics({wanted_}));
  EXPECT_EQ(missing.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(missing.message()),
              HasSubstr(StrCat("these topics do not exist: ", wanted_.name,
                               "; create them with 'millrace contracts apply "
                               "--config FILE'")));
  EXPECT_TRUE(admin_->Describe({wanted_.name})->empty());
  ASSERT_TRUE(Apply(Kind::kCreate).ok());
  while (!Await(transport.EnsureTopics({wanted_})).ok() && !HasFailure()) {
  }
}

}  // namespace
}  // namespace millrace::bus
