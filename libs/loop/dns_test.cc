#include "loop/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/tcp.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using ConnectionPtr = std::shared_ptr<TcpConnection>;

class DnsTest : public testing::Test {
 protected:
  using Result = absl::StatusOr<std::vector<SocketAddress>>;

  Result Settled(Promise<std::vector<SocketAddress>> promise) {
    auto outcome = AsStatusOr(std::move(promise));
    loop_.Run();
    return outcome.value();
  }

  EventLoop loop_;
};

SocketAddress AddressOf(const std::string& ip, int port) {
  return ResolveBlocking(ip, StrCat(port))->front();
}

TEST_F(DnsTest, AddressesNeedNoResolver) {
  auto ip4 = Resolve(loop_, "192.0.2.7", "80");
  auto ip6 = Resolve(loop_, "2001:db8::1", "443");
  ASSERT_TRUE(ip4.settled() && ip6.settled());
  EXPECT_EQ(ip4.value().front().ToString(), "192.0.2.7:80");
  EXPECT_EQ(ip6.value().front().ToString(), "[2001:db8::1]:443");
  EXPECT_TRUE(ip6.value().front().is_ipv6());
  EXPECT_EQ(ip6.value().front().ip(), "2001:db8::1");
  EXPECT_EQ(ip6.value().front().port(), 443);
}

TEST_F(DnsTest, ANameHasAddresses) {
  const Result found = Settled(Resolve(loop_, "localhost", "80"));
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_FALSE(found->empty());
  for (const SocketAddress& address : *found) {
    EXPECT_EQ(address.port(), 80);
    EXPECT_THAT(address.ip(), testing::AnyOf("127.0.0.1", "::1"));
  }
  const Result blocking = ResolveBlocking("localhost", "80");
  ASSERT_TRUE(blocking.ok()) << blocking.status();
  EXPECT_EQ(blocking->size(), found->size());
}

TEST_F(DnsTest, WhatCannotBeResolvedIsNamed) {
  for (const Result& result : {Settled(Resolve(loop_, "no such host", "80")),
                               ResolveBlocking("no such host", "80")}) {
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(MessageOf(result.status())),
                HasSubstr("'no such host'"));
  }
  for (const std::string service : {"65536", "-1", "no such service"}) {
    EXPECT_EQ(Settled(Resolve(loop_, "localhost", service)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << service;
    EXPECT_EQ(ResolveBlocking("localhost", service).status().code(),
              absl::StatusCode::kInvalidArgument)
        << service;
  }
}

TEST_F(DnsTest, ASignalOrTheTimeEndsTheWait) {
  AbortController controller;
  ResolveOptions until{.signal = controller.signal()};
  auto aborted = AsStatusOr(Resolve(loop_, "localhost", "80", until));
  controller.Abort(absl::CancelledError("not wanted"));
  ResolveOptions quick{.timeout = absl::Milliseconds(1)};
  auto late = AsStatusOr(Resolve(loop_, "localhost", "80", quick));
  // The time is up when the loop comes to look at its timers, before it polls.
  usleep(20'000);
  loop_.Run();
  EXPECT_EQ(aborted.value().status(), absl::CancelledError("not wanted"));
  EXPECT_EQ(late.value().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(MessageOf(late.value().status())),
              HasSubstr("'localhost'"));
  EXPECT_EQ(Settled(Resolve(loop_, "127.0.0.1", "80", until)).status(),
            absl::CancelledError("not wanted"));
}

TEST_F(DnsTest, AnAnswerComesToALoopThatIsNeverIdle) {
  auto found = Resolve(loop_, "localhost", "80");
  struct Spin {
    static void Again(EventLoop& loop, Promise<std::vector<SocketAddress>> p) {
      loop.SetImmediate([&loop, p] {
        if (!p.settled()) Again(loop, p);
      });
    }
  };
  Spin::Again(loop_, found);
  loop_.Run();
  EXPECT_TRUE(found.settled());
}

TEST_F(DnsTest, ALoopMayEndBeforeTheAnswer) {
  static_cast<void>(Resolve(loop_, "localhost", "80"));
}

class ConnectTest : public DnsTest {
 protected:
  std::unique_ptr<TcpListener> Listen(TcpListener::OnConnection callback) {
    auto listener =
        TcpListener::Listen(loop_, "127.0.0.1", 0, 16, std::move(callback));
    EXPECT_TRUE(listener.ok()) << listener.status();
    return *std::move(listener);
  }
  // Nobody listens there.
  int FreePort() {
    const int port = Listen([](ConnectionPtr) {})->port();
    loop_.Run();
    return port;
  }
};

TEST_F(ConnectTest, TheNextAddressIsTriedWhenOneFails) {
  const int closed = FreePort();
  std::unique_ptr<TcpListener> listener;
  listener = Listen([&](ConnectionPtr connection) {
    connection->Close();
    listener->Close();
  });
  auto connected = TcpConnection::Connect(
      loop_, "somewhere",
      {AddressOf("127.0.0.1", closed), AddressOf("127.0.0.1", closed),
       AddressOf("127.0.0.1", listener->port())});
  auto closing = connected.Then(
      [](const ConnectionPtr& connection) { connection->Close(); });
  const std::string there = StrCat("127.0.0.1:", listener->port());
  loop_.Run();
  ASSERT_TRUE(closing.settled() && !closing.rejected());
  EXPECT_EQ(connected.value()->peer(), there);
}

TEST_F(ConnectTest, TheErrorSaysWhyEachAddressFailed) {
  const int closed = FreePort();
  auto failed = AsStatusOr(TcpConnection::Connect(
      loop_, "somewhere:1",
      {AddressOf("127.0.0.1", closed), AddressOf("127.0.0.2", closed)}));
  auto none = AsStatusOr(
      TcpConnection::Connect(loop_, "nowhere:1", std::vector<SocketAddress>()));
  auto unknown = AsStatusOr(TcpConnection::Connect(loop_, "no such host", 1));
  auto port = AsStatusOr(TcpConnection::Connect(loop_, "127.0.0.1", 70000));
  loop_.Run();
  EXPECT_EQ(
      failed.value().status(),
      absl::UnavailableError(StrCat(
          "cannot connect to somewhere:1: 127.0.0.1:", closed,
          ": connection refused; 127.0.0.2:", closed, ": connection refused")));
  EXPECT_EQ(none.value().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(unknown.value().status())),
              HasSubstr("'no such host'"));
  EXPECT_EQ(port.value().status().code(), absl::StatusCode::kInvalidArgument);
}

Promise<void> AbortSoon(AbortController controller) {
  // Far enough for the connection to be under way; it is made in a poll phase.
  for (int i = 0; i < 50; ++i) co_await Promise<void>::Resolve();
  controller.Abort(absl::CancelledError("not wanted"));
}

TEST_F(ConnectTest, ASignalEndsTheAttempt) {
  const auto listener = Listen([](ConnectionPtr connection) {
    connection->OnData([](std::string_view) {});
  });
  AbortController controller;
  auto aborted = AsStatusOr(TcpConnection::Connect(
      loop_, "127.0.0.1", listener->port(), controller.signal()));
  auto soon = AbortSoon(controller);
  auto end = aborted.Then([&](const auto&) { loop_.Stop(); });
  loop_.Run();
  EXPECT_EQ(aborted.value().status(), absl::CancelledError("not wanted"));
  EXPECT_TRUE(soon.settled() && end.settled());
}

TEST_F(ConnectTest, ALoopMayEndWhileItConnectsAndWrites) {
  const auto listener = Listen([](ConnectionPtr) {});
  auto connected =
      TcpConnection::Connect(loop_, "127.0.0.1", listener->port())
          .Then([&](const ConnectionPtr& connection) {
            // More than the kernel takes, and nobody reads.
            auto written = connection->Write(std::string(64 << 20, 'x'));
            auto next = written.Then([] { FAIL() << "nobody has read"; });
            loop_.Stop();
            return next;
          });
  loop_.Run();
  auto never = TcpConnection::Connect(loop_, "127.0.0.1", listener->port());
  EXPECT_FALSE(connected.settled() || never.settled());
}

}  // namespace
}  // namespace millrace
