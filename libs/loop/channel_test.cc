#include "loop/channel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "loop/combinators.h"
#include "loop/loop_group.h"
#include "loop/testing/await.h"

namespace millrace {
namespace {

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() {
    EXPECT_TRUE(group_
                    .Start([](EventLoop&,
                              int) -> absl::StatusOr<std::shared_ptr<void>> {
                      return nullptr;
                    })
                    .ok());
    other_ = group_.loop(1);
    third_ = group_.loop(2);
    loop_.AddRef();
  }

  template <typename T>
  StatusOrVoid<T> Await(Promise<T> promise) {
    return AwaitOn(loop_, std::move(promise));
  }

  static Promise<void> SendAll(ChannelSender<int> sender, int from, int to) {
    for (int i = from; i < to; ++i) co_await sender.Send(i);
  }

  static Promise<std::vector<int>> ReadAll(Stream<int> stream) {
    std::vector<int> all;
    while (std::optional<int> value = co_await stream.Next()) {
      all.push_back(*value);
    }
    co_return all;
  }

  EventLoop loop_;
  LoopGroup group_{loop_, {.loops = 3}};
  LoopRef other_;
  LoopRef third_;
};

TEST_F(ChannelTest, ValuesOfAnotherLoopArriveInOrder) {
  auto [sender, stream] = MakeChannel<int>(8);
  auto sent = CallOn(other_, [sender = std::move(sender)] {
    return SendAll(sender, 0, 10'000).Then([sender] { sender.Close(); });
  });
  const auto all = *Await(ReadAll(std::move(stream)));
  ASSERT_EQ(all.size(), 10'000u);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(all[i], i);
  EXPECT_EQ(Await(std::move(sent)), absl::OkStatus());
}

TEST_F(ChannelTest, SendersOfSeveralLoopsShareOneStream) {
  auto [sender, stream] = MakeChannel<int>(4);
  for (const LoopRef& from : {other_, third_}) {
    (void)CallOn(from, [sender = sender] { return SendAll(sender, 0, 1'000); });
  }
  (void)SendAll(std::exchange(sender, {}), 0, 1'000);
  int count = 0;
  int64_t sum = 0;
  for (; count < 3'000; ++count) sum += **Await(stream.Next());
  EXPECT_EQ(sum, 3 * 999 * 1'000 / 2);
}

TEST_F(ChannelTest, SendWaitsForRoomOnItsOwnLoop) {
  auto [sender, stream] = MakeChannel<int>(4);
  std::atomic<int> accepted = 0;
  auto sent = CallOn(other_, [&accepted, sender = std::move(sender)] {
    std::vector<Promise<void>> sends;
    for (int i = 0; i < 6; ++i) {
      sends.push_back(sender.Send(i).Then([&accepted] {
        EXPECT_NE(EventLoop::Current(), nullptr);
        ++accepted;
      }));
    }
    return All(std::move(sends)).Then([sender] { sender.Close(); });
  });
  // The first three had room, the others wait.
  EXPECT_EQ(Await(CallOn(other_, [] {})), absl::OkStatus());
  EXPECT_EQ(accepted, 3);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(**Await(stream.Next()), i);
  EXPECT_EQ(Await(std::move(sent)), absl::OkStatus());
  EXPECT_EQ(accepted, 6);
  EXPECT_EQ(*Await(stream.Next()), std::nullopt);
}

TEST_F(ChannelTest, NoMoreThanTheCapacityWaitsForASlowReader) {
  auto [sender, stream] = MakeChannel<int>(16);
  std::atomic<int> sent = 0;
  struct Counting {
    static Promise<void> Run(ChannelSender<int> sender,
                             std::atomic<int>* sent) {
      for (int i = 0; i < 2'000; ++i) {
        co_await sender.Send(i);
        ++*sent;
      }
      sender.Close();
    }
  };
  auto done = CallOn(other_, [sender = std::move(sender), &sent] {
    return Counting::Run(sender, &sent);
  });
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_EQ(**Await(stream.Next()), i);
    ASSERT_LE(sent, i + 1 + 16);
  }
  EXPECT_EQ(Await(std::move(done)), absl::OkStatus());
}

TEST_F(ChannelTest, ThreadWithoutALoopSendsAndIsRefusedWhenItIsFull) {
  auto [sender, stream] = MakeChannel<std::unique_ptr<int>>(2);
  std::thread thread([&sender = sender] {
    EXPECT_TRUE(sender.TrySend(std::make_unique<int>(1)).ok());
    EXPECT_TRUE(sender.TrySend(std::make_unique<int>(2)).ok());
    auto third = std::make_unique<int>(3);
    EXPECT_EQ(sender.TrySend(std::move(third)).code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_NE(third, nullptr);  // left alone
    sender.Close();
  });
  thread.join();
  EXPECT_EQ(***Await(stream.Next()), 1);
  EXPECT_EQ(***Await(stream.Next()), 2);
  EXPECT_FALSE(Await(stream.Next())->has_value());
}

// Counts the callbacks that a burst costs.
TEST_F(ChannelTest, BurstWakesTheReceiverOnce) {
  auto [sender, stream] = MakeChannel<int>(10'000);
  std::vector<Promise<std::optional<int>>> reads;
  for (int i = 0; i < 1'000; ++i) reads.push_back(stream.Next());
  // While nobody runs this loop, all of it arrives.
  std::thread thread([&sender = sender] {
    for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(sender.TrySend(int{i}).ok());
  });
  thread.join();
  const uint64_t before = loop_.turns();
  const auto last = *Await(std::move(reads.back()));
  EXPECT_EQ(last, 999);
  EXPECT_EQ(loop_.turns(), before + 1);
  for (size_t i = 0; i + 1 < reads.size(); ++i) {
    EXPECT_TRUE(reads[i].settled());
  }
}

TEST_F(ChannelTest, OverlappingReadsAreAnsweredInOrder) {
  auto [sender, stream] = MakeChannel<int>();
  auto first = stream.Next();
  auto second = stream.Next();
  auto third = stream.Next();
  (void)CallOn(other_, [sender = std::move(sender)] {
    (void)sender.Send(1);
    (void)sender.Send(2);
    sender.Close();
  });
  EXPECT_EQ(*Await(std::move(third)), std::nullopt);
  EXPECT_EQ(first.value(), 1);
  EXPECT_EQ(second.value(), 2);
}

TEST_F(ChannelTest, FailureComesBehindWhatWasSent) {
  auto [sender, stream] = MakeChannel<int>();
  (void)CallOn(other_, [sender = std::move(sender)] {
    (void)sender.Send(1);
    sender.Fail(absl::DataLossError("half of it"));
    sender.Close();
    return sender.Send(2);
  }).Catch([](std::exception_ptr error) {
    EXPECT_EQ(StatusFrom(error).code(), absl::StatusCode::kFailedPrecondition);
  });
  EXPECT_EQ(**Await(stream.Next()), 1);
  EXPECT_EQ(Await(stream.Next()).status(), absl::DataLossError("half of it"));
  EXPECT_EQ(Await(stream.Next()).status(), absl::DataLossError("half of it"));
}

TEST_F(ChannelTest, LastSenderDroppedFailsTheStream) {
  auto [sender, stream] = MakeChannel<int>();
  auto read = stream.Next();
  (void)CallOn(other_, [one = sender, two = sender] { (void)one.Send(1); });
  sender = {};
  EXPECT_EQ(**Await(std::move(read)), 1);
  EXPECT_EQ(Await(stream.Next()).status().code(), absl::StatusCode::kInternal);
}

TEST_F(ChannelTest, ReaderThatLeavesIsTheEndForAllSenders) {
  auto [sender, stream] = MakeChannel<int>(1);
  auto waiting =
      AsStatusOr(CallOn(other_, [sender = sender] { return sender.Send(1); }));
  auto watching = AsStatusOr(CallOn(
      third_, [sender = sender] { return Aborted(sender.Cancelled()); }));
  EXPECT_EQ(Await(CallOn(third_, [] {})), absl::OkStatus());
  EXPECT_EQ(Await(CallOn(other_, [] {})), absl::OkStatus());
  EXPECT_FALSE(sender.closed());
  stream.Cancel(absl::AbortedError("enough"));
  EXPECT_TRUE(sender.closed());
  EXPECT_EQ(*Await(std::move(waiting)), absl::AbortedError("enough"));
  EXPECT_EQ(*Await(std::move(watching)), absl::AbortedError("enough"));
  EXPECT_EQ(Await(sender.Send(2)), absl::AbortedError("enough"));
  EXPECT_EQ(sender.TrySend(3), absl::AbortedError("enough"));
  EXPECT_TRUE(sender.Cancelled().aborted());
}

TEST_F(ChannelTest, ReceivingLoopMayEndFirst) {
  std::optional<ChannelSender<int>> sender;
  EXPECT_EQ(Await(CallOn(other_,
                         [&sender] {
                           auto channel = MakeChannel<int>();
                           sender = channel.sender;
                           // Dropped with the loop, before its end.
                           EventLoop::Current()->SetTimeout(
                               absl::Hours(1),
                               [stream = std::move(channel.stream)] {});
                         })),
            absl::OkStatus());
  EXPECT_EQ(Await(sender->Send(1)), absl::OkStatus());
  group_.Stop();
  group_.Join();
  EXPECT_EQ(Await(sender->Send(2)).code(), absl::StatusCode::kCancelled);
}

TEST_F(ChannelTest, ReceivingLoopThatEndsWithAReadUnderWayIsTheEnd) {
  std::optional<ChannelSender<int>> sender;
  std::atomic<bool> stopped = false;
  std::atomic<bool> sent = false;
  other_.Post([&] {
    auto channel = MakeChannel<int>();
    sender = channel.sender;
    (void)channel.stream.Next();
    EventLoop::Current()->SetTimeout(absl::Hours(1),
                                     [stream = std::move(channel.stream)] {});
    EventLoop::Current()->Stop();
    stopped = true;
    while (!sent) std::this_thread::yield();
  });
  while (!stopped) std::this_thread::yield();
  // The arrival that this posts is dropped with the loop.
  EXPECT_EQ(Await(sender->Send(1)), absl::OkStatus());
  sent = true;
  group_.Stop();
  group_.Join();
  EXPECT_EQ(Await(sender->Send(2)),
            absl::CancelledError("the loop that received has ended"));
}

TEST_F(ChannelTest, SendingLoopMayEndFirst) {
  auto [sender, stream] = MakeChannel<int>(1);
  EXPECT_EQ(Await(CallOn(other_,
                         [sender = std::move(sender)] {
                           // Wait for room when their loop ends.
                           (void)sender.Send(1);
                           (void)sender.Send(2);
                         })),
            absl::OkStatus());
  group_.Stop();
  group_.Join();
  EXPECT_EQ(**Await(stream.Next()), 1);
  EXPECT_EQ(**Await(stream.Next()), 2);
  stream.Cancel();
}

}  // namespace
}  // namespace millrace
