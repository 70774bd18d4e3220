// One port and one gRPC server for the loops of a group.

#include <atomic>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "loop/loop_group.h"
#include "loop/loop_ref.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

// What the second loop has; the first's is the fixture's.
struct SecondLoop {
  explicit SecondLoop(EventLoop& l) : loop(l) { engine.emplace(loop); }
  ~SecondLoop() {
    server.reset();
    engine.reset();
    // What the test let go of is told, so that nothing stays suspended.
    loop.Dispatch([] {});
  }

  EventLoop& loop;
  NullLogger logger;
  NullMetrics metrics;
  TestEcho echo;
  DirectDispatcher dispatcher{{test::BindEcho(echo)}};
  std::optional<Engine> engine;
  std::unique_ptr<Server> server;
  std::vector<Deferred<EchoReply>> held;
};

class SharedListenerTest : public RpcTest {
 protected:
  SharedListenerTest() {
    loop_.AddRef();  // it waits for the other loop
    EXPECT_EQ(group_.Start([this](EventLoop& loop, int index)
                               -> absl::StatusOr<std::shared_ptr<void>> {
      if (index == 0) return nullptr;
      auto part = std::make_shared<SecondLoop>(loop);
      second_ = part.get();
      return part;
    }),
              absl::OkStatus());
    const ServerOptions options{.transport = Transport::kGrpc,
                                .posted_requests = 1};
    auto listener =
        Listener::Open({&*engine_, &*second_->engine}, options, logger_);
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    server_ = ValueOrThrow(
        Server::Start(*engine_, listener_, dispatcher_, logger_, metrics_));
    EXPECT_EQ(
        Await(CallOn(group_.loop(1),
                     [this] {
                       second_->server = ValueOrThrow(Server::Start(
                           *second_->engine, listener_, second_->dispatcher,
                           second_->logger, second_->metrics));
                     })),
        absl::OkStatus());
    Connect();
    EXPECT_TRUE(Await(Say(Request("connect"))).ok());
  }
  ~SharedListenerTest() override {
    group_.Stop();
    group_.Join();
  }

  void SecondSays(std::function<Promise<EchoReply>(Call, EchoRequest)> say) {
    EXPECT_EQ(Await(CallOn(group_.loop(1),
                           [this, say = std::move(say)]() mutable {
                             second_->echo.say = std::move(say);
                           })),
              absl::OkStatus());
  }

  // Begins calls, a burst at a time, until `done`.
  std::vector<Promise<absl::StatusOr<EchoReply>>> CallUntil(
      const std::function<bool()>& done) {
    std::vector<Promise<absl::StatusOr<EchoReply>>> calls;
    while (!done()) {
      for (int i = 0; i < 8; ++i) calls.push_back(AsStatusOr(Say(Request(""))));
      EXPECT_EQ(Await(Delay(absl::Milliseconds(1))), absl::OkStatus());
    }
    return calls;
  }

  LoopGroup group_{loop_, {.loops = 2}};
  SecondLoop* second_ = nullptr;
  std::shared_ptr<Listener> listener_;
};

TEST_F(SharedListenerTest, BusyLoopLeavesTheCallsToTheOther) {
  std::atomic<bool> busy = false;
  std::atomic<bool> go_on = false;
  SecondSays([&](Call, EchoRequest) {
    EXPECT_TRUE(group_.loop(1).current());
    busy = true;
    while (!go_on) std::this_thread::yield();
    return Promise<EchoReply>::Resolve(Reply("second"));
  });
  int at_first = 0;
  echo_.say = [&](Call, EchoRequest) {
    EXPECT_TRUE(group_.loop(0).current());
    ++at_first;
    return Promise<EchoReply>::Resolve(Reply("first"));
  };
  // All calls have one connection.
  auto calls = CallUntil([&] { return busy.load(); });
  const int before = at_first;
  for (int i = 0; i < 50; ++i) calls.push_back(AsStatusOr(Say(Request(""))));
  // But for one that the busy loop had asked for.
  RunUntil([&] { return at_first >= before + 49; });
  go_on = true;
  int at_second = 0;
  for (auto& call : calls) {
    const absl::StatusOr<EchoReply> reply = *Await(std::move(call));
    ASSERT_TRUE(reply.ok()) << reply.status();
    if (reply->text() == "second") ++at_second;
  }
  EXPECT_GE(at_second, 1);
  EXPECT_EQ(static_cast<size_t>(at_first + at_second), calls.size());
}

TEST_F(SharedListenerTest, DrainLetsTheCallsOfAllLoopsFinish) {
  std::vector<Deferred<EchoReply>> held;
  std::atomic<bool> at_second = false;
  echo_.say = [&](Call, EchoRequest) { return held.emplace_back().promise(); };
  SecondSays([this, &at_second](Call, EchoRequest) {
    at_second = true;
    return second_->held.emplace_back().promise();
  });
  auto calls = CallUntil([&] { return !held.empty() && at_second; });
  // None is on its way any more.
  size_t there = 0;
  while (held.size() + there < calls.size()) {
    there =
        *Await(CallOn(group_.loop(1), [this] { return second_->held.size(); }));
  }
  auto second_drained = CallOn(group_.loop(1), [this] {
    return second_->server->Drain(absl::Hours(1));
  });
  Promise<void> drained = server_->Drain(absl::Hours(1));
  for (const auto& call : held) call.Resolve(Reply("first"));
  EXPECT_EQ(Await(Delay(absl::Milliseconds(10))), absl::OkStatus());
  EXPECT_FALSE(drained.settled());
  EXPECT_FALSE(second_drained.settled());
  (void)CallOn(group_.loop(1), [this] {
    for (const auto& call : second_->held) call.Resolve(Reply("second"));
  });
  EXPECT_EQ(Await(std::move(drained)), absl::OkStatus());
  EXPECT_EQ(Await(std::move(second_drained)), absl::OkStatus());
  for (auto& call : calls) {
    const absl::StatusOr<EchoReply> reply = *Await(std::move(call));
    EXPECT_TRUE(reply.ok()) << reply.status();
  }
}

TEST_F(SharedListenerTest, WhatIsLeftAtTheBoundIsCancelledOnAllLoops) {
  bool at_first = false;
  std::atomic<bool> at_second = false;
  echo_.say = [&](Call call, EchoRequest) {
    at_first = true;
    return UntilAborted(call.signal);
  };
  SecondSays([&](Call call, EchoRequest) {
    at_second = true;
    return UntilAborted(call.signal);
  });
  auto calls = CallUntil([&] { return at_first && at_second; });
  auto second_drained = CallOn(group_.loop(1), [this] {
    return second_->server->Drain(absl::Milliseconds(50));
  });
  EXPECT_EQ(Await(server_->Drain(absl::Milliseconds(50))), absl::OkStatus());
  EXPECT_EQ(Await(std::move(second_drained)), absl::OkStatus());
  for (auto& call : calls) EXPECT_FALSE(Await(std::move(call))->ok());
}

TEST_F(SharedListenerTest, PortIsTakenForAllOthers) {
  const auto other = Listener::Open(
      {&*engine_}, {.address = StrCat("127.0.0.1:", listener_->port())},
      logger_);
  EXPECT_EQ(other.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(SharedListenerTest, DestroyedInAnyOrderWithCallsUnderWay) {
  std::atomic<bool> at_second = false;
  echo_.say = [&](Call call, EchoRequest) { return UntilAborted(call.signal); };
  SecondSays([&](Call call, EchoRequest) {
    at_second = true;
    return UntilAborted(call.signal);
  });
  auto calls = CallUntil([&] { return at_second.load(); });
  server_.reset();
  for (auto& call : calls) EXPECT_FALSE(Await(std::move(call))->ok());
}

}  // namespace
}  // namespace millrace::rpc
