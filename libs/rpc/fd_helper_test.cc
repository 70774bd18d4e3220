#include "rpc/fd_helper.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace millrace::rpc {
namespace {

// Counts reports and waits for them.
class Reports {
 public:
  void Add() {
    std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  int WaitFor(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
    return count_;
  }
  int count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

class FdHelperTest : public testing::Test {
 protected:
  ~FdHelperTest() override { close(fd_); }

  void MakeReadable() {
    const uint64_t one = 1;
    ASSERT_EQ(write(fd_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }

  Reports reports_;
  const int fd_ = eventfd(0, EFD_CLOEXEC);
};

TEST_F(FdHelperTest, ReportsOncePerArming) {
  FdHelper helper([this] { reports_.Add(); });
  helper.Arm(fd_);
  MakeReadable();
  EXPECT_EQ(reports_.WaitFor(1), 1);

  // Still readable, so each further arming reports once more.
  helper.Arm(fd_);
  EXPECT_EQ(reports_.WaitFor(2), 2);
}

TEST_F(FdHelperTest, SaysNothingUnlessArmed) {
  {
    FdHelper helper([this] { reports_.Add(); });
    MakeReadable();
  }
  EXPECT_EQ(reports_.count(), 0);
}

TEST_F(FdHelperTest, FollowsAnotherDescriptor) {
  const int other = eventfd(1, EFD_CLOEXEC);
  {
    FdHelper helper([this] { reports_.Add(); });
    helper.Arm(fd_);
    helper.Arm(other);
    EXPECT_EQ(reports_.WaitFor(1), 1);
    // The first one is not watched any more.
    MakeReadable();
  }
  EXPECT_EQ(reports_.count(), 1);
  close(other);
}

TEST_F(FdHelperTest, StopsWhileArmed) {
  FdHelper helper([this] { reports_.Add(); });
  helper.Arm(fd_);
}

}  // namespace
}  // namespace millrace::rpc
