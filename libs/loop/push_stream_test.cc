#include "loop/push_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class PushStreamTest : public testing::Test {
 protected:
  PushOptions Options(size_t high, size_t low) {
    PushOptions options;
    options.high_water = high;
    options.low_water = low;
    options.pause = [this] { trace_.push_back("pause"); };
    options.resume = [this] { trace_.push_back("resume"); };
    options.cancel = [this](const absl::Status& reason) {
      trace_.push_back(StrCat("cancel ", MessageOf(reason)));
    };
    return options;
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

TEST_F(PushStreamTest, PausesAtTheHighMarkAndResumesAtTheLow) {
  auto [source, stream] = MakePushStream<int>(Options(3, 1));
  EXPECT_TRUE(source.Push(1));
  EXPECT_TRUE(source.Push(2));
  EXPECT_FALSE(source.Push(3));
  EXPECT_FALSE(source.Push(4));  // taken all the same
  EXPECT_TRUE(source.paused());
  EXPECT_EQ(source.pending(), 4u);
  EXPECT_THAT(trace_, ElementsAre("pause"));
  EXPECT_EQ(stream.Next().value(), 1);
  EXPECT_EQ(stream.Next().value(), 2);
  EXPECT_THAT(trace_, ElementsAre("pause"));
  EXPECT_EQ(stream.Next().value(), 3);
  EXPECT_THAT(trace_, ElementsAre("pause", "resume"));
  EXPECT_FALSE(source.paused());
  EXPECT_EQ(stream.Next().value(), 4);
  auto waiting = stream.Next();
  EXPECT_TRUE(source.Push(5));
  EXPECT_EQ(waiting.value(), 5);
  EXPECT_EQ(source.pending(), 0u);
  EXPECT_THAT(trace_, ElementsAre("pause", "resume"));
}

TEST_F(PushStreamTest, EndsAfterWhatWasPushedAndLetsTheHooksGo) {
  auto kept = std::make_shared<int>(0);
  PushOptions options;
  options.resume = [kept] { ++*kept; };
  auto [source, stream] = MakePushStream<int>(std::move(options));
  source.Push(1);
  source.End();
  source.Fail(absl::InternalError("too late"));
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_FALSE(source.Push(2));
  EXPECT_EQ(stream.Next().value(), 1);
  EXPECT_EQ(stream.Next().value(), std::nullopt);
  EXPECT_EQ(stream.Next().value(), std::nullopt);
}

TEST_F(PushStreamTest, FailsByWordAndByBeingDropped) {
  auto failed = MakePushStream<int>();
  auto waiting = AsStatusOr(failed.stream.Next());
  failed.source.Fail(absl::DataLossError("reset"));
  auto dropped = MakePushStream<int>();
  dropped.source = {};
  auto after = AsStatusOr(dropped.stream.Next());
  loop_.Run();
  EXPECT_EQ(waiting.value().status(), absl::DataLossError("reset"));
  EXPECT_EQ(after.value().status().code(), absl::StatusCode::kInternal);
}

TEST_F(PushStreamTest, ACancelReachesTheSource) {
  auto [source, stream] = MakePushStream<int>(Options(2, 0));
  auto waiting = AsStatusOr(stream.Next());
  stream.Cancel(absl::AbortedError("enough"));
  EXPECT_THAT(trace_, ElementsAre("cancel enough"));
  EXPECT_TRUE(source.closed());
  EXPECT_FALSE(source.Push(1));
  EXPECT_EQ(source.pending(), 0u);
  loop_.Run();
  EXPECT_EQ(waiting.value().status(), absl::AbortedError("enough"));
  // Not for a reader that has seen the end.
  auto ended = MakePushStream<int>(Options(2, 0));
  ended.source.End();
  ended.stream.Cancel();
  EXPECT_THAT(trace_, ElementsAre("cancel enough"));
}

TEST_F(PushStreamTest, AHookMayPushAndEnd) {
  PushSource<int> source;
  PushOptions options;
  options.high_water = 1;
  options.resume = [&] {
    source.Push(2);
    source.End();
  };
  auto made = MakePushStream<int>(std::move(options));
  source = std::move(made.source);
  source.Push(1);
  EXPECT_EQ(made.stream.Next().value(), 1);
  EXPECT_EQ(made.stream.Next().value(), 2);
  EXPECT_EQ(made.stream.Next().value(), std::nullopt);
}

}  // namespace
}  // namespace millrace
