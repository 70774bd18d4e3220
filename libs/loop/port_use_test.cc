// One port for the listeners of several loops, and for nobody else.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "loop/combinators.h"
#include "loop/loop_group.h"
#include "loop/tcp.h"

namespace millrace {
namespace {

using Listener = absl::StatusOr<std::unique_ptr<TcpListener>>;

Listener Listen(
    EventLoop& loop, int port, PortUse use,
    TcpListener::OnConnection callback = [](auto) {}) {
  return TcpListener::Listen(loop, "127.0.0.1", port, 64, std::move(callback),
                             use);
}

TEST(PortUseTest, ConnectionsReachAllThatShare) {
  EventLoop loop;
  int at_first = 0;
  int at_second = 0;
  const auto count = [&](int* counter) {
    return [&loop, counter, &at_first,
            &at_second](const std::shared_ptr<TcpConnection>& connection) {
      ++*counter;
      connection->Close();
      if (at_first > 0 && at_second > 0) loop.Stop();
    };
  };
  auto first = Listen(loop, 0, PortUse::kShareFirst, count(&at_first));
  ASSERT_TRUE(first.ok()) << first.status();
  const int port = (*first)->port();
  auto second = Listen(loop, port, PortUse::kShareNext, count(&at_second));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ((*second)->port(), port);
  struct Connecting {
    static Promise<void> Run(EventLoop& loop, int port) {
      while (loop.running()) {
        const auto connection =
            co_await TcpConnection::Connect(loop, "127.0.0.1", port);
        connection->Close();
        co_await Delay(absl::ZeroDuration());
      }
    }
  };
  loop.SetImmediate([&] { (void)Connecting::Run(loop, port); });
  loop.Run();
  EXPECT_GT(at_first, 0);
  EXPECT_GT(at_second, 0);
}

TEST(PortUseTest, SharedPortIsTakenForAllOthers) {
  EventLoop loop;
  const auto first = Listen(loop, 0, PortUse::kShareFirst);
  ASSERT_TRUE(first.ok()) << first.status();
  const int port = (*first)->port();
  const auto next = Listen(loop, port, PortUse::kShareNext);
  ASSERT_TRUE(next.ok()) << next.status();
  for (const PortUse use : {PortUse::kAlone, PortUse::kShareFirst}) {
    EXPECT_EQ(Listen(loop, port, use).status().code(),
              absl::StatusCode::kAlreadyExists);
  }
  // And for another process, whatever it asks of the kernel before it binds.
  const pid_t child = fork();
  if (child == 0) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound =
        bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
        listen(fd, 1) == 0;
    _exit(bound ? 1 : errno == EADDRINUSE ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(PortUseTest, FirstIsRefusedWhereOneAloneListens) {
  EventLoop loop;
  const auto alone = Listen(loop, 0, PortUse::kAlone);
  ASSERT_TRUE(alone.ok()) << alone.status();
  for (const PortUse use : {PortUse::kShareFirst, PortUse::kShareNext}) {
    EXPECT_EQ(Listen(loop, (*alone)->port(), use).status().code(),
              absl::StatusCode::kAlreadyExists);
  }
}

TEST(PortUseTest, PortIsFreeAgainAfterTheLast) {
  EventLoop loop;
  int port = 0;
  {
    const auto first = Listen(loop, 0, PortUse::kShareFirst);
    ASSERT_TRUE(first.ok()) << first.status();
    port = (*first)->port();
    const auto next = Listen(loop, port, PortUse::kShareNext);
    ASSERT_TRUE(next.ok()) << next.status();
  }
  EXPECT_TRUE(Listen(loop, port, PortUse::kShareFirst).ok());
}

}  // namespace
}  // namespace millrace
