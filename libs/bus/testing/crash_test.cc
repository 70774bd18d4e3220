// kill -9 at each point where something could be lost or done twice; the next
// process finds its way: each committed change is applied exactly once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/status.h"
#include "bus/codec.h"
#include "bus/testing/crash_stage.h"
#include "loop/combinators.h"

namespace millrace::bus::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Aftermath {
  std::vector<std::string> changes;
  std::vector<std::string> published;  // everything on the topic, in order
  std::vector<std::string> applied;
  std::vector<std::string> dead;  // letters as they are listed
  size_t dead_records = 0;
};

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() {
    std::string pattern = ::testing::TempDir() + "/millrace-crash-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~CrashTest() override { std::filesystem::remove_all(directory_); }

  // Lets a child die at `point`.
  void DieAt(const char* point) {
    const std::string child =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() /
        "bus_crash_child";
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      execl(child.c_str(), child.c_str(), point, directory_.c_str(), nullptr);
      _exit(127);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "status " << status;
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
  }

  // What the next process makes of it.
  Aftermath Recover() {
    CrashStage stage(directory_);
    Aftermath aftermath;
    const Promise<absl::Status> done = AsStatusOr(RecoverOn(stage, aftermath));
    stage.loop().Run();
    EXPECT_TRUE(done.settled());
    EXPECT_EQ(done.value(), absl::OkStatus());
    return aftermath;
  }

 private:
  static Promise<void> RecoverOn(CrashStage& stage, Aftermath& aftermath) {
    co_await CrashStage::Open(stage);
    const auto relay = stage.NewRelay(stage.transport());
    Bus bus(stage.loop(), stage.transport(), stage.logger(), stage.metrics());
    Applier applier(stage.inbox());
    ThrowIfError(bus.Subscribe(CrashContract(), kGroup, applier));
    co_await relay->Stop(absl::Seconds(30));
    const std::vector<std::string> topics(1, "t");
    for (int64_t lag = 1; lag != 0;) {
      co_await Delay(absl::Milliseconds(2));
      lag = 0;
      const std::vector<GroupOffset> offsets =
          co_await stage.transport().Offsets(kGroup, topics);
      for (const GroupOffset& offset : offsets) lag += offset.lag();
    }
    co_await bus.Drain(absl::Seconds(30));
    aftermath.changes = co_await stage.Rows("changes");
    aftermath.applied = co_await stage.Rows("applied");
    Stream<Record> records =
        stage.transport().Tail(topics, TailFrom::kBeginning, false);
    while (std::optional<Record> record = co_await records.Next()) {
      aftermath.published.push_back(TextOf(ValueOrThrow(DecodeEvent(*record))));
    }
    const std::vector<std::string> dead_topics(1, "t.dead");
    Stream<Record> dead =
        stage.transport().Tail(dead_topics, TailFrom::kBeginning, false);
    while (std::optional<Record> record = co_await dead.Next()) {
      ++aftermath.dead_records;
    }
    const DeadLetterPage page = co_await bus.ListDeadLetters();
    for (const DeadLetter& letter : page.letters) {
      aftermath.dead.push_back(
          TextOf(ValueOrThrow(DecodeEvent(letter.source))));
    }
    co_await CrashStage::Close(stage);
  }

  std::string directory_;
};

TEST_F(CrashTest, BeforeTheCommitNothingHasHappened) {
  DieAt("before-commit");
  const Aftermath after = Recover();
  EXPECT_THAT(after.changes, ElementsAre("k:0"));
  EXPECT_THAT(after.published, ElementsAre("k:0"));
  EXPECT_THAT(after.applied, ElementsAre("k:0"));
}

TEST_F(CrashTest, AfterTheCommitTheNextProcessPublishes) {
  DieAt("after-commit");
  const Aftermath after = Recover();
  EXPECT_THAT(after.changes, ElementsAre("k:0", "k:1"));
  EXPECT_THAT(after.published, ElementsAre("k:0", "k:1"));
  EXPECT_THAT(after.applied, ElementsAre("k:0", "k:1"));
}

TEST_F(CrashTest, AfterPublishingItIsPublishedAgainAndAppliedOnce) {
  DieAt("after-publish");
  const Aftermath after = Recover();
  EXPECT_THAT(after.changes, ElementsAre("k:0", "k:1"));
  EXPECT_THAT(after.published, ElementsAre("k:0", "k:1", "k:0", "k:1"));
  EXPECT_THAT(after.applied, ElementsAre("k:0", "k:1"));
}

TEST_F(CrashTest, AfterTheEffectItIsDeliveredAgainAndAppliedOnce) {
  DieAt("after-effect");
  const Aftermath after = Recover();
  EXPECT_THAT(after.applied, ElementsAre("k:0", "k:1"));
  EXPECT_THAT(after.dead, IsEmpty());
}

TEST_F(CrashTest, AfterTheLetterItIsWrittenAgainAndListedOnce) {
  DieAt("after-letter");
  const Aftermath after = Recover();
  EXPECT_THAT(after.applied, ElementsAre("k:1"));
  EXPECT_THAT(after.dead, ElementsAre("k:0!"));
  EXPECT_EQ(after.dead_records, 2u);
}

}  // namespace
}  // namespace millrace::bus::testing
