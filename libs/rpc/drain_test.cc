#include <future>
#include <vector>

#include "loop/worker_pool.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

class DrainTest : public RpcTest {
 protected:
  DrainTest() {
    StartServer();
    Connect();
    echo_.say = [this](Call call, EchoRequest) {
      signal_ = call.signal;
      return held_.emplace_back().promise();
    };
  }

  std::vector<Deferred<EchoReply>> held_;
  AbortSignal signal_;
};

TEST_F(DrainTest, WithoutCallsItIsOver) {
  EXPECT_EQ(Await(server_->Drain(absl::Hours(1))), absl::OkStatus());
}

TEST_F(DrainTest, CallsInFlightFinish) {
  auto reply = AsStatusOr(Say(Request("")));
  RunUntil([&] { return !held_.empty(); });
  Promise<void> drained = server_->Drain(absl::Hours(1));
  auto late = NewChannel(*engine_, {.target = address()});
  // Refused by the listener, which closes while the first call goes on.
  absl::Status refused;
  do {
    Call call;
    call.context.deadline = absl::Now() + absl::Milliseconds(100);
    refused = Await(late->Unary(test::SayMethod(), call, Request(""))).status();
  } while (refused.code() == absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(refused.ok());
  EXPECT_FALSE(drained.settled());

  held_.front().Resolve(Reply("finished"));
  const absl::StatusOr<EchoReply> finished = *Await(reply);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->text(), "finished");
  EXPECT_EQ(Await(drained), absl::OkStatus());
}

TEST_F(DrainTest, WhatIsLeftAtTheBoundIsCancelled) {
  auto reply = AsStatusOr(Say(Request("")));
  RunUntil([&] { return !held_.empty(); });
  EXPECT_EQ(Await(server_->Drain(absl::Milliseconds(50))), absl::OkStatus());
  EXPECT_TRUE(signal_.aborted());
  EXPECT_FALSE(Await(reply)->ok());
  held_.front().Resolve(Reply("too late"));
}

TEST_F(DrainTest, DrainingTwiceIsDrainingOnce) {
  Promise<void> first = server_->Drain(absl::Hours(1));
  EXPECT_EQ(Await(server_->Drain(absl::ZeroDuration())), absl::OkStatus());
  EXPECT_EQ(Await(first), absl::OkStatus());
}

TEST_F(DrainTest, WorkersThatTakeNoMoreRefuseNoDrain) {
  loop_.SetWorkers(1, 1);
  std::promise<void> release;
  Promise<void> runs = loop_.workers().Run(
      [gate = release.get_future().share()] { gate.wait(); });
  RunUntil([&] { return loop_.workers().running() == 1; });
  Promise<void> waits = loop_.workers().Run([] {});
  EXPECT_EQ(Await(server_->Drain(absl::Hours(1))), absl::OkStatus());
  EXPECT_EQ(loop_.workers().queued(), 1u);
  release.set_value();
  EXPECT_EQ(Await(std::move(runs)), absl::OkStatus());
  EXPECT_EQ(Await(std::move(waits)), absl::OkStatus());
}

TEST_F(DrainTest, TheLoopEndsAfterwards) {
  ASSERT_FALSE(Await(server_->Drain(absl::Hours(1))).code() ==
               absl::StatusCode::kInternal);
  loop_.Run();  // returns, for nothing keeps it alive
}

TEST_F(DrainTest, DestroyingTheServerEndsADrain) {
  auto reply = AsStatusOr(Say(Request("")));
  RunUntil([&] { return !held_.empty(); });
  Promise<void> drained = server_->Drain(absl::Hours(1));
  RunUntil([&] { return true; });
  server_.reset();
  EXPECT_EQ(Await(drained), absl::OkStatus());
  EXPECT_FALSE(Await(reply)->ok());
}

}  // namespace
}  // namespace millrace::rpc
