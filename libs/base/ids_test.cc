#include "base/ids.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

namespace millrace {
namespace {

TEST(Ids, AreUuidsOfVersionSeven) {
  const std::string id = NewId();
  EXPECT_TRUE(IsUuid(id)) << id;
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
}

TEST(Ids, DifferAcrossThreads) {
  std::set<std::string> ids;
  std::vector<std::string> batches[4];
  std::vector<std::thread> threads;
  for (auto& batch : batches) {
    threads.emplace_back([&batch] {
      for (int i = 0; i < 5000; ++i) batch.push_back(NewId());
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto& batch : batches) ids.insert(batch.begin(), batch.end());
  EXPECT_EQ(ids.size(), 20000u);
}

TEST(Ids, OfOneThreadSortAsTheyWereMade) {
  std::string last = NewId();
  for (int i = 0; i < 20'000; ++i) {
    std::string next = NewId();
    ASSERT_LT(last, next);
    EXPECT_TRUE(IsUuid(next));
    EXPECT_EQ(next[14], '7');
    last = std::move(next);
  }
}

TEST(Ids, AForkedChildDoesNotRepeatItsParents) {
  (void)NewId();  // the generator has been seeded
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string id = NewId();
    (void)!write(pipe_ends[1], id.data(), id.size());
    _exit(0);
  }
  std::string theirs(36, ' ');
  ASSERT_EQ(read(pipe_ends[0], theirs.data(), theirs.size()), 36);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  // But for the time, which comes first, all of it is random.
  EXPECT_NE(NewId().substr(19), theirs.substr(19));
}

TEST(Ids, SortByCreationTime) {
  const std::string first = NewId();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_LT(first, NewId());
}

TEST(Ids, IsUuidRefusesWhatIsNone) {
  EXPECT_TRUE(IsUuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398"));
  EXPECT_FALSE(IsUuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"));
  EXPECT_FALSE(IsUuid("017f22e2079b0-7cc3-98c4-dc0c0c07398f"));
}

}  // namespace
}  // namespace millrace
