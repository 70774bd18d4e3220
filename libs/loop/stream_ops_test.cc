#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/stream.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Ints = std::vector<int>;

const absl::Status kBroken = absl::DataLossError("broken");
const absl::Status kGone = absl::AbortedError("reader gone");

class StreamOpsTest : public testing::Test {
 protected:
  template <typename T>
  StatusOrVoid<T> ResultOf(Promise<T> promise) {
    auto result = AsStatusOr(std::move(promise));
    loop_.Run();
    EXPECT_TRUE(result.settled());
    return std::move(result).value();
  }

  // 1, 2, ... count, then `end`.
  Stream<int> Numbers(int count, absl::Status end = absl::OkStatus()) {
    auto [writer, stream] = MakePipe<int>(100);
    for (int i = 1; i <= count; ++i) EXPECT_TRUE(writer.Write(i).settled());
    writer.Fail(std::move(end));
    return std::move(stream);
  }

  EventLoop loop_;
};

Promise<bool> OddLater(int n) {
  co_await Delay(absl::Milliseconds(n % 3 + 1));
  co_return n % 2 == 1;
}

TEST_F(StreamOpsTest, FilterKeepsOrderAlsoWhenReadsOverlap) {
  auto odd = Numbers(9).Filter([](const int& n) { return OddLater(n); });
  std::vector<Promise<std::optional<int>>> reads;
  for (int i = 0; i < 7; ++i) reads.push_back(odd.Next());
  loop_.Run();
  Ints values;
  for (const auto& read : reads) values.push_back(read.value().value_or(-1));
  EXPECT_THAT(values, ElementsAre(1, 3, 5, 7, 9, -1, -1));
}

TEST_F(StreamOpsTest, AnErrorComesThroughEveryOperatorAndStays) {
  auto stream = Numbers(3, kBroken)
                    .Map([](int n) { return n; })
                    .Filter([](int n) { return n != 2; })
                    .Take(100)
                    .Batch(10);
  auto first = AsStatusOr(stream.Next());
  auto second = AsStatusOr(stream.Next());
  auto third = AsStatusOr(stream.Next());
  loop_.Run();
  EXPECT_THAT(**first.value(), ElementsAre(1, 3));
  EXPECT_EQ(second.value().status(), kBroken);
  EXPECT_EQ(third.value().status(), kBroken);
}

TEST_F(StreamOpsTest, ACancelGoesUpThroughEveryOperator) {
  auto [writer, stream] = MakePipe<int>();
  auto end = std::move(stream)
                 .Map([](int n) { return n; })
                 .Filter([](int) { return true; })
                 .Take(100)
                 .Batch(10);
  auto waiting = AsStatusOr(end.Next());
  auto behind = AsStatusOr(end.Next());
  loop_.SetImmediate([&] { end.Cancel(kGone); });
  loop_.Run();
  EXPECT_EQ(writer.cancelled().reason(), kGone);
  EXPECT_EQ(waiting.value().status(), kGone);
  EXPECT_EQ(behind.value().status(), kGone);
  EXPECT_EQ(ResultOf(writer.Write(1)), kGone);
}

TEST_F(StreamOpsTest, WhatAFilterThrowsFailsTheStreamAndCancelsTheSource) {
  auto [writer, stream] = MakePipe<int>();
  EXPECT_TRUE(writer.Write(1).settled());
  auto read = std::move(stream).Filter([](int) -> bool { Throw(kBroken); });
  EXPECT_EQ(ResultOf(read.Next()).status(), kBroken);
  EXPECT_EQ(writer.cancelled().reason(), kBroken);
  EXPECT_EQ(ResultOf(read.Next()).status(), kBroken);
}

TEST_F(StreamOpsTest, WhatMapThrowsIsTheAnswerToEveryLaterNext) {
  auto read = Numbers(2).Map([](int) -> int { Throw(kBroken); });
  EXPECT_EQ(ResultOf(read.Next()).status(), kBroken);
  EXPECT_EQ(ResultOf(read.Next()).status(), kBroken);
}

TEST_F(StreamOpsTest, ACancelRejectsWhatWaitsForTheFunctionOfAMap) {
  const Deferred<int> call;
  auto mapped = Numbers(1).Map([&](int) { return call.promise(); });
  auto waiting = AsStatusOr(mapped.Next());
  loop_.Run();
  mapped.Cancel(kGone);
  call.Resolve(1);
  loop_.Run();
  EXPECT_EQ(waiting.value().status(), kGone);
}

TEST_F(StreamOpsTest, MapAnswersInOrderAlsoWhenItsCallsDoNot) {
  auto mapped = Numbers(3).Map([](int n) {
    return Delay(absl::Milliseconds(4 - n)).Then([n] { return 10 * n; });
  });
  Ints answers;
  const auto add = [&](std::optional<int> n) { answers.push_back(n.value()); };
  std::vector<Promise<void>> reads;
  for (int i = 0; i < 3; ++i) reads.push_back(mapped.Next().Then(add));
  loop_.Run();
  EXPECT_THAT(answers, ElementsAre(10, 20, 30));
}

TEST_F(StreamOpsTest, TakeCancelsTheSourceWithItsLastValue) {
  auto [writer, stream] = MakePipe<int>();
  auto two = std::move(stream).Take(2);
  auto first = two.Next();
  auto second = two.Next();
  auto third = two.Next();
  EXPECT_TRUE(writer.Write(1).settled());
  loop_.Run();
  EXPECT_FALSE(writer.closed());
  EXPECT_TRUE(writer.Write(2).settled());
  loop_.Run();
  EXPECT_TRUE(writer.closed());
  EXPECT_EQ(first.value(), 1);
  EXPECT_EQ(second.value(), 2);
  EXPECT_EQ(third.value(), std::nullopt);
  EXPECT_THAT(*ResultOf(Numbers(3).Take(0).Collect()), ElementsAre());
}

TEST_F(StreamOpsTest, BatchesAreOfTheSizeAndTheLastIsTheRest) {
  auto batches = *ResultOf(Numbers(5).Batch(2).Collect());
  EXPECT_THAT(batches, ElementsAre(Ints{1, 2}, Ints{3, 4}, Ints{5}));
  EXPECT_TRUE(ResultOf(Numbers(0).Batch(2).Collect())->empty());
}

TEST_F(StreamOpsTest, ABatchIsGivenWhenItsTimeIsUpAndLosesNothing) {
  auto [writer, stream] = MakePipe<int>();
  auto batches = std::move(stream).Batch(3, absl::Milliseconds(1));
  auto first = batches.Next();
  auto second = batches.Next();
  EXPECT_TRUE(writer.Write(1).settled());
  loop_.Run();  // nothing but the time can end it
  ASSERT_TRUE(first.settled());
  EXPECT_THAT(*first.value(), ElementsAre(1));
  EXPECT_FALSE(second.settled());
  for (int i = 2; i <= 4; ++i) EXPECT_TRUE(writer.Write(i).settled());
  loop_.Run();
  ASSERT_TRUE(second.settled());
  EXPECT_THAT(*second.value(), ElementsAre(2, 3, 4));
}

TEST_F(StreamOpsTest, MergeGivesAllAndEndsWithTheLast) {
  std::vector<Stream<int>> streams;
  streams.push_back(Numbers(2));
  streams.push_back(Stream<int>::Of({10, 20, 30}));
  streams.push_back(Stream<int>::Empty());
  EXPECT_THAT(*ResultOf(Merge(std::move(streams)).Collect()),
              UnorderedElementsAre(1, 2, 10, 20, 30));
}

TEST_F(StreamOpsTest, MergePassesOnErrorsAndCancellation) {
  auto idle = MakePipe<int>();
  std::vector<Stream<int>> streams;
  streams.push_back(std::move(idle.stream));
  streams.push_back(Numbers(1, kBroken));
  EXPECT_EQ(ResultOf(Merge(std::move(streams)).Collect()).status(), kBroken);
  EXPECT_EQ(idle.writer.cancelled().reason(), kBroken);

  auto other = MakePipe<int>();
  streams.clear();
  streams.push_back(std::move(other.stream));
  auto merged = Merge(std::move(streams));
  merged.Cancel(kGone);
  loop_.Run();
  EXPECT_EQ(other.writer.cancelled().reason(), kGone);
}

struct Calls {
  Promise<void> gate = Promise<void>::Resolve();
  int running = 0;
  int most = 0;
  Ints done;

  Promise<void> Run(int n) {
    most = std::max(most, ++running);
    co_await gate;
    --running;
    done.push_back(n);
  }
};

TEST_F(StreamOpsTest, ForEachKeepsToItsBoundAndReadsNoFurther) {
  auto [writer, stream] = MakePipe<int>(100);
  for (int i = 1; i <= 10; ++i) EXPECT_TRUE(writer.Write(i).settled());
  writer.Close();
  const Deferred<void> gate;
  Calls calls;
  calls.gate = gate.promise();
  auto done = std::move(stream).ForEach([&](int n) { return calls.Run(n); },
                                        {.concurrency = 3});
  loop_.SetImmediate([&, writer = writer] {
    EXPECT_EQ(calls.running, 3);
    EXPECT_EQ(writer.pending(), 7u);
    gate.Resolve();
  });
  EXPECT_EQ(ResultOf(std::move(done)), absl::OkStatus());
  EXPECT_EQ(calls.most, 3);
  EXPECT_THAT(calls.done, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

Promise<void> FailAt(int n, int bad, Calls& calls) {
  co_await Promise<void>::Resolve();
  if (n == bad) Throw(absl::InvalidArgumentError(StrCat("value ", n)));
  co_await calls.Run(n);
}

TEST_F(StreamOpsTest, ForEachEndsWithTheFirstErrorOnceItsCallsHaveEnded) {
  auto [writer, stream] = MakePipe<int>();
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(writer.Write(i).settled());
  Calls calls;
  auto done = std::move(stream).ForEach(
      [&](int n) { return FailAt(n, 2, calls); }, {.concurrency = 5});
  EXPECT_EQ(ResultOf(std::move(done)), absl::InvalidArgumentError("value 2"));
  EXPECT_THAT(calls.done, ElementsAre(1, 3));
  EXPECT_TRUE(writer.cancelled().aborted());
}

TEST_F(StreamOpsTest, ForEachGivesTheStreamsErrorAndFollowsItsSignal) {
  Calls calls;
  EXPECT_EQ(ResultOf(Numbers(2, kBroken).ForEach([&](int n) {
              return calls.Run(n);
            })),
            kBroken);
  EXPECT_THAT(calls.done, ElementsAre(1, 2));

  auto [writer, stream] = MakePipe<int>();
  AbortController controller;
  auto done = std::move(stream).ForEach([&](int n) { return calls.Run(n); },
                                        {.signal = controller.signal()});
  loop_.SetImmediate([&] { controller.Abort(kGone); });
  EXPECT_EQ(ResultOf(std::move(done)), kGone);
  EXPECT_EQ(writer.cancelled().reason(), kGone);
}

TEST_F(StreamOpsTest, ForEachOfAPlainFunction) {
  Ints seen;
  auto add = [&](int n) { seen.push_back(n); };
  EXPECT_EQ(ResultOf(Numbers(3).ForEach(add)), absl::OkStatus());
  EXPECT_THAT(seen, ElementsAre(1, 2, 3));
  auto fail = [](int) { Throw(kBroken); };
  EXPECT_EQ(ResultOf(Numbers(3).ForEach(fail)), kBroken);
}

TEST_F(StreamOpsTest, CollectAndDrainUseAStreamUp) {
  EXPECT_THAT(*ResultOf(Numbers(3).Collect()), ElementsAre(1, 2, 3));
  EXPECT_EQ(ResultOf(Numbers(3).Drain()), absl::OkStatus());
  EXPECT_EQ(ResultOf(Numbers(3, kBroken).Collect()).status(), kBroken);
  auto [writer, stream] = MakePipe<int>();
  AbortController controller;
  controller.Abort(kGone);
  EXPECT_EQ(ResultOf(std::move(stream).Drain(controller.signal())), kGone);
  EXPECT_TRUE(writer.closed());
}

TEST_F(StreamOpsTest, PipeToWritesAllAtThePaceOfTheReaderAndCloses) {
  auto [writer, out] = MakePipe<int>(2);
  auto piped = Numbers(5).PipeTo(writer);
  loop_.Run();
  EXPECT_FALSE(piped.settled());
  EXPECT_EQ(writer.pending(), 2u);
  EXPECT_THAT(*ResultOf(std::move(out).Collect()), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(piped.settled() && !piped.rejected());
}

TEST_F(StreamOpsTest, AnAbortReachesAPipeThatWaitsForRoom) {
  auto [writer, out] = MakePipe<int>(2);
  AbortController controller;
  auto piped = AsStatusOr(Numbers(5).PipeTo(writer, controller.signal()));
  loop_.SetImmediate([&] { controller.Abort(kGone); });
  loop_.Run();
  ASSERT_TRUE(piped.settled());
  EXPECT_EQ(piped.value(), kGone);
  EXPECT_EQ(*ResultOf(out.Next()), 1);
  EXPECT_EQ(*ResultOf(out.Next()), 2);
  EXPECT_EQ(ResultOf(out.Next()).status(), kGone);
}

TEST_F(StreamOpsTest, PipeToPassesErrorsDownAndCancellationUp) {
  auto [writer, out] = MakePipe<int>();
  EXPECT_EQ(ResultOf(Numbers(1, kBroken).PipeTo(writer)), kBroken);
  EXPECT_EQ(ResultOf(std::move(out).Collect()).status(), kBroken);

  auto idle = MakePipe<int>();
  auto second = MakePipe<int>();
  auto piped = std::move(idle.stream).PipeTo(second.writer);
  loop_.SetImmediate([&] { second.stream.Cancel(kGone); });
  EXPECT_EQ(ResultOf(std::move(piped)), kGone);
  EXPECT_EQ(idle.writer.cancelled().reason(), kGone);

  auto source = MakePipe<int>();
  auto third = MakePipe<int>();
  AbortController controller;
  piped = std::move(source.stream).PipeTo(third.writer, controller.signal());
  loop_.SetImmediate([&] { controller.Abort(kBroken); });
  EXPECT_EQ(ResultOf(std::move(piped)), kBroken);
  EXPECT_EQ(source.writer.cancelled().reason(), kBroken);
  EXPECT_EQ(ResultOf(third.stream.Next()).status(), kBroken);
}

}  // namespace
}  // namespace millrace
