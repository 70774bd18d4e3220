#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/fd_watcher.h"
#include "loop/signals.h"
#include "loop/tcp.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ConnectionPtr = std::shared_ptr<TcpConnection>;

class IoTest : public testing::Test {
 protected:
  std::unique_ptr<TcpListener> Listen(TcpListener::OnConnection callback,
                                      int port = 0) {
    auto listener =
        TcpListener::Listen(loop_, "127.0.0.1", port, 16, std::move(callback));
    EXPECT_TRUE(listener.ok()) << listener.status();
    return *std::move(listener);
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

Promise<void> Talk(EventLoop& loop, int port, std::string* answer) {
  const ConnectionPtr connection =
      co_await TcpConnection::Connect(loop, "localhost", port);
  const Deferred<void> ended;
  connection->OnData([answer](std::string_view data) { *answer += data; });
  connection->OnEnd([ended] { ended.Resolve(); });
  co_await connection->Write("hello");
  connection->End();
  co_await ended.promise();
}

TEST_F(IoTest, BytesGoBothWaysAndBothSidesClose) {
  std::unique_ptr<TcpListener> listener;
  int closed = 0;
  listener = Listen([&](ConnectionPtr connection) {
    listener->Close();
    EXPECT_THAT(connection->peer(), HasSubstr("127.0.0.1:"));
    auto* raw = connection.get();
    connection->OnData([raw](std::string_view data) {
      static_cast<void>(raw->Write(StrCat("<", data, ">")));
    });
    connection->OnClose([&](const absl::Status& status) {
      EXPECT_TRUE(status.ok()) << status;
      ++closed;
    });
  });
  std::string answer;
  const auto done = Talk(loop_, listener->port(), &answer);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(answer, "<hello>");
  EXPECT_EQ(closed, 1);
}

Promise<void> SendMuch(ConnectionPtr connection, size_t bytes) {
  const auto slow = connection->Write(std::string(bytes, 'x'));
  EXPECT_FALSE(slow.settled());
  EXPECT_GT(connection->pending_bytes(), 0u);
  const auto last = connection->Write("!");
  connection->End();
  co_await slow;
  co_await last;
}

TEST_F(IoTest, WritesWaitForASlowReader) {
  constexpr size_t kBytes = 32 << 20;
  std::unique_ptr<TcpListener> listener;
  Promise<void> sent;
  listener = Listen([&](ConnectionPtr connection) {
    listener->Close();
    sent = SendMuch(connection, kBytes);
  });
  size_t received = 0;
  char last = 0;
  const auto connected =
      TcpConnection::Connect(loop_, "127.0.0.1", listener->port())
          .Then([&](const ConnectionPtr& connection) {
            connection->Pause();
            connection->OnData([&](std::string_view data) {
              received += data.size();
              last = data.back();
            });
            loop_.SetTimeout(absl::Milliseconds(20), [&, connection] {
              EXPECT_EQ(received, 0u);
              EXPECT_FALSE(sent.settled());
              connection->Resume();
            });
          });
  loop_.Run();
  EXPECT_TRUE(connected.settled());
  EXPECT_TRUE(sent.settled() && !sent.rejected());
  EXPECT_EQ(received, kBytes + 1);
  EXPECT_EQ(last, '!');
}

// Everything in order, although TryWrite takes only a part.
Promise<void> TrySendMuch(ConnectionPtr connection, std::string bytes) {
  EXPECT_EQ(connection->TryWrite("first"), 5u);
  const size_t taken = connection->TryWrite(bytes);
  EXPECT_LT(taken, bytes.size());
  const auto rest = connection->Write(bytes.substr(taken));
  EXPECT_EQ(connection->TryWrite("not before what waits"), 0u);
  co_await rest;
  connection->End();
  EXPECT_EQ(connection->TryWrite("not behind the end"), 0u);
}

TEST_F(IoTest, TryWriteSaysHowMuchWasTaken) {
  const std::string bytes = std::string(32 << 20, 'x') + "last";
  Promise<void> sent;
  std::unique_ptr<TcpListener> listener;
  listener = Listen([&](ConnectionPtr connection) {
    listener->Close();
    sent = TrySendMuch(std::move(connection), bytes);
  });
  std::string received;
  const auto connected =
      TcpConnection::Connect(loop_, "127.0.0.1", listener->port())
          .Then([&](const ConnectionPtr& connection) {
            connection->OnData(
                [&received](std::string_view data) { received += data; });
          });
  loop_.Run();
  EXPECT_TRUE(sent.settled() && !sent.rejected());
  EXPECT_TRUE(received == "first" + bytes) << received.size();
}

TEST_F(IoTest, CloseRejectsWhatIsPendingAndTellsLater) {
  std::unique_ptr<TcpListener> listener;
  Promise<absl::Status> lost;
  listener = Listen([&](ConnectionPtr connection) {
    listener->Close();
    connection->OnClose(
        [this](const absl::Status&) { trace_.push_back("closed"); });
    lost = AsStatusOr(connection->Write(std::string(64 << 20, 'x')));
    connection->Close();
    EXPECT_TRUE(connection->closed());
    trace_.push_back("close");
  });
  auto client = TcpConnection::Connect(loop_, "127.0.0.1", listener->port())
                    .Then([](const ConnectionPtr& c) { c->Close(); });
  loop_.Run();
  EXPECT_TRUE(client.settled());
  EXPECT_THAT(trace_, ElementsAre("close", "closed"));
  EXPECT_EQ(lost.value().code(), absl::StatusCode::kUnavailable);
}

TEST_F(IoTest, AnAddressInUseIsNamed) {
  const auto first = Listen([](ConnectionPtr) {});
  const auto second = TcpListener::Listen(loop_, "127.0.0.1", first->port(), 16,
                                          [](ConnectionPtr) {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(MessageOf(second.status())),
              HasSubstr(StrCat("127.0.0.1:", first->port())));
  EXPECT_EQ(TcpListener::Listen(loop_, "no such host", 0, 16, nullptr)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(IoTest, APortThatNobodyAnswersIsUnavailable) {
  int port;
  {
    const auto listener = Listen([](ConnectionPtr) {});
    port = listener->port();
  }
  loop_.Run();
  auto refused = AsStatusOr(TcpConnection::Connect(loop_, "127.0.0.1", port));
  loop_.Run();
  EXPECT_EQ(refused.value().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(refused.value().status())),
              HasSubstr(StrCat("127.0.0.1:", port)));
}

TEST_F(IoTest, OpenConnectionsMayBeLeftToTheLoop) {
  int accepted = 0;
  auto listener = Listen([&](ConnectionPtr) {
    ++accepted;
    loop_.Stop();
  });
  static_cast<void>(
      TcpConnection::Connect(loop_, "127.0.0.1", listener->port())
          .Then([](const ConnectionPtr& c) { c->OnData([](auto) {}); }));
  loop_.Run();
  EXPECT_EQ(accepted, 1);
}

TEST_F(IoTest, WhatACloseCallbackOwnsSettlesBeforeTheLoopEnds) {
  Deferred<void> owned;
  auto told = AsStatusOr(owned.promise());
  loop_.QueueClose([owned = std::move(owned)] {});
  loop_.Run();
  EXPECT_TRUE(told.settled());
}

TEST_F(IoTest, WhatAClosedHandleOwnsSettlesBeforeTheLoopEnds) {
  const auto listener = Listen([](ConnectionPtr) {});
  Deferred<void> owned;
  auto told = AsStatusOr(owned.promise());
  EXPECT_FALSE(TcpListener::Listen(loop_, "127.0.0.1", listener->port(), 16,
                                   [owned = std::move(owned)](ConnectionPtr) {})
                   .ok());
  listener->Close();
  loop_.Run();
  EXPECT_TRUE(told.settled());
}

TEST_F(IoTest, AReadableDescriptorCallsUntilItsWatcherGoes) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  std::unique_ptr<FdWatcher> watcher;
  int calls = 0;
  watcher = std::make_unique<FdWatcher>(loop_, fds[0], [&] {
    // Not read: it stays readable.
    if (++calls == 3) watcher.reset();
  });
  ASSERT_EQ(write(fds[1], "x", 1), 1);
  loop_.Run();
  EXPECT_EQ(calls, 3);
  close(fds[0]);
  close(fds[1]);
}

TEST_F(IoTest, AnUnrefdWatcherIsServedWhileTheLoopRuns) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  bool called = false;
  FdWatcher watcher(loop_, fds[0], [&] {
    char c;
    EXPECT_EQ(read(fds[0], &c, 1), 1);
    called = true;
    loop_.ReleaseRef();
  });
  watcher.Unref();
  loop_.Run();
  ASSERT_EQ(write(fds[1], "x", 1), 1);
  loop_.AddRef();
  loop_.Run();
  EXPECT_TRUE(called);
  close(fds[0]);
  close(fds[1]);
}

TEST_F(IoTest, ASignalCallsAndDoesNotKeepTheLoop) {
  SignalWatcher watcher(loop_, SIGUSR1, [this] {
    trace_.push_back("signal");
    loop_.ReleaseRef();
  });
  loop_.Run();
  loop_.AddRef();
  loop_.SetImmediate([] { raise(SIGUSR1); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("signal"));
}

}  // namespace
}  // namespace millrace
