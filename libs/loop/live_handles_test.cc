#include "loop/live_handles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/strings.h"
#include "loop/activity.h"
#include "loop/fd_watcher.h"
#include "loop/signals.h"
#include "loop/tcp.h"

namespace millrace {
namespace {

using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class LiveHandlesTest : public testing::Test {
 protected:
  // One line for each.
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    for (const LiveHandle& handle : LiveHandles(loop_)) {
      lines.push_back(StrCat(handle.count, " ", handle.kind,
                             handle.detail.empty() ? "" : ", ", handle.detail,
                             handle.refed ? "" : ", unref'd"));
    }
    return lines;
  }

  EventLoop loop_;
};

TEST_F(LiveHandlesTest, AreNoneAtFirst) {
  EXPECT_THAT(LiveHandles(loop_), IsEmpty());
}

TEST_F(LiveHandlesTest, CountsTimersByDelayAndWhatElseWaits) {
  loop_.SetTimeout(absl::Milliseconds(250), [] {});
  loop_.SetInterval(absl::Milliseconds(250), [] {});
  loop_.SetTimeout(absl::Milliseconds(250), [] {}).Unref();
  loop_.SetTimeout(absl::Seconds(9), [] {}).Clear();
  loop_.SetImmediate([] {});
  loop_.Post([] {});
  loop_.QueueClose([] {});
  loop_.AddRef("call");
  loop_.AddRef("call");
  loop_.AddRef("job");
  loop_.ReleaseRef("job");
  EXPECT_THAT(Lines(), UnorderedElementsAre("2 timer, 250 ms",
                                            "1 timer, 250 ms, unref'd",
                                            "1 immediate", "1 posted task",
                                            "1 close callback", "2 call"));
  loop_.ReleaseRef("call");
  loop_.ReleaseRef("call");
}

TEST_F(LiveHandlesTest, SaysWhereHandlesWereMadeAndOnWhoseBehalf) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  std::unique_ptr<FdWatcher> watcher;
  {
    const ActivityScope scope(
        Activity::Make({.kind = "rpc", .handler = "a.v1.A/Watch"}));
    watcher = std::make_unique<FdWatcher>(loop_, fds[0], [] {});
  }
  SignalWatcher signals(loop_, SIGUSR2, [] {});
  const int listen_line = __LINE__ + 1;
  auto listener = TcpListener::Listen(loop_, "127.0.0.1", 0, 1,
                                      [](std::shared_ptr<TcpConnection>) {});
  ASSERT_TRUE(listener.ok());
  EXPECT_THAT(Lines(),
              UnorderedElementsAre(
                  StrCat("1 poll, descriptor ", fds[0]),
                  StrCat("1 signal, signal ", SIGUSR2, ", unref'd"),
                  StrCat("1 tcp, listens on 127.0.0.1:", (*listener)->port())));
  for (const LiveHandle& handle : LiveHandles(loop_)) {
    EXPECT_FALSE(handle.closing);
    if (handle.kind == "poll") {
      EXPECT_EQ(handle.activity, "a.v1.A/Watch");
    }
    if (handle.kind == "tcp") {
      EXPECT_EQ(handle.where, StrCat("live_handles_test.cc:", listen_line));
      EXPECT_EQ(handle.activity, "");
    }
  }

  watcher.reset();
  (*listener)->Close();
  for (const LiveHandle& handle : LiveHandles(loop_)) {
    EXPECT_EQ(handle.closing, handle.kind != "signal") << handle.kind;
  }
  loop_.Run();
  EXPECT_THAT(Lines(), UnorderedElementsAre(
                           StrCat("1 signal, signal ", SIGUSR2, ", unref'd")));
  close(fds[0]);
  close(fds[1]);
}

}  // namespace
}  // namespace millrace
