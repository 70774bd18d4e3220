#include "loop/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class StreamTest : public testing::Test {
 protected:
  EventLoop loop_;
  std::vector<std::string> trace_;
};

Promise<void> ReadAll(Stream<int> stream, std::vector<std::string>& trace) {
  try {
    while (std::optional<int> value = co_await stream.Next()) {
      trace.push_back(StrCat("read ", *value));
    }
    trace.push_back("end");
  } catch (const StatusError& error) {
    trace.push_back(StrCat("failed ", MessageOf(error.status())));
  }
}

Promise<void> WriteAll(StreamWriter<int> writer, int count,
                       std::vector<std::string>& trace) {
  for (int i = 1; i <= count; ++i) {
    co_await writer.Write(i);
    trace.push_back(StrCat("wrote ", i));
  }
  writer.Close();
}

TEST_F(StreamTest, GivenValuesComeInOrder) {
  const auto values = ReadAll(Stream<int>::Of({1, 2}), trace_);
  const auto none = ReadAll(Stream<int>::Empty(), trace_);
  const auto failed =
      ReadAll(Stream<int>::Failed(absl::AbortedError("broken")), trace_);
  loop_.Run();
  EXPECT_TRUE(values.settled() && none.settled() && failed.settled());
  EXPECT_THAT(trace_, testing::UnorderedElementsAre("read 1", "read 2", "end",
                                                    "end", "failed broken"));
}

TEST_F(StreamTest, AWriterWaitsAtTheHighWaterMark) {
  auto [writer, stream] = MakePipe<int>(2);
  const auto written = WriteAll(writer, 4, trace_);
  loop_.Run();
  EXPECT_FALSE(written.settled());
  EXPECT_EQ(writer.pending(), 2u);
  EXPECT_THAT(trace_, ElementsAre("wrote 1"));
  trace_.clear();
  const auto read = ReadAll(std::move(stream), trace_);
  loop_.Run();
  EXPECT_TRUE(written.settled() && read.settled());
  std::vector<std::string> reads;
  for (const std::string& line : trace_) {
    if (line[0] != 'w') reads.push_back(line);
  }
  EXPECT_THAT(reads,
              ElementsAre("read 1", "read 2", "read 3", "read 4", "end"));
}

TEST_F(StreamTest, APipeWithoutRoomStillLetsItsWriterGoOn) {
  auto [writer, stream] = MakePipe<int>(0);
  const auto written = writer.Write(1);
  EXPECT_FALSE(written.settled());
  EXPECT_EQ(stream.Next().value(), 1);
  EXPECT_TRUE(written.settled());
}

TEST_F(StreamTest, AWaitingReaderGetsTheValueAtOnce) {
  auto [writer, stream] = MakePipe<int>(1);
  auto first = stream.Next();
  auto second = stream.Next();
  EXPECT_TRUE(writer.Write(1).settled());
  EXPECT_TRUE(writer.Write(2).settled());
  EXPECT_EQ(writer.pending(), 0u);
  EXPECT_EQ(first.value(), 1);
  EXPECT_EQ(second.value(), 2);
  writer.Close();
  EXPECT_EQ(stream.Next().value(), std::nullopt);
  EXPECT_EQ(stream.Next().value(), std::nullopt);
}

TEST_F(StreamTest, AnErrorComesAfterWhatWasWritten) {
  auto [writer, stream] = MakePipe<int>();
  EXPECT_TRUE(writer.Write(1).settled());
  writer.Fail(absl::AbortedError("broken"));
  writer.Close();
  const auto read = ReadAll(std::move(stream), trace_);
  loop_.Run();
  EXPECT_TRUE(read.settled());
  EXPECT_THAT(trace_, ElementsAre("read 1", "failed broken"));
}

TEST_F(StreamTest, AWriterThatIsDroppedUnfinishedFailsTheStream) {
  auto pipe = MakePipe<int>();
  auto copy = std::make_unique<StreamWriter<int>>(pipe.writer);
  pipe.writer = {};
  auto next = AsStatusOr(pipe.stream.Next());
  EXPECT_FALSE(next.settled());
  copy.reset();
  loop_.Run();
  EXPECT_EQ(next.value().status().code(), absl::StatusCode::kInternal);
}

TEST_F(StreamTest, ADroppedStreamCancelsTheWriter) {
  auto [writer, stream] = MakePipe<int>(1);
  auto waiting = AsStatusOr(writer.Write(1));
  writer.cancelled().OnAbort([this] { trace_.push_back("told"); }).Keep();
  { const Stream<int> dropped = std::move(stream); }
  EXPECT_TRUE(writer.closed());
  auto late = AsStatusOr(writer.Write(2));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("told"));
  EXPECT_EQ(waiting.value().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(late.value().code(), absl::StatusCode::kCancelled);
}

TEST_F(StreamTest, WritingAfterTheEndFails) {
  auto [writer, stream] = MakePipe<int>();
  writer.Close();
  auto late = AsStatusOr(writer.Write(1));
  loop_.Run();
  EXPECT_EQ(late.value().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(stream.valid());
}

Promise<int> Double(int n) {
  co_await Promise<void>::Resolve();
  co_return 2 * n;
}

TEST_F(StreamTest, MapAppliesAFunctionOrAnAsyncOne) {
  auto plus = Stream<int>::Of({1, 2}).Map([](int n) { return n + 10; });
  const auto sync = ReadAll(std::move(plus), trace_);
  loop_.Run();
  const auto async = ReadAll(
      Stream<int>::Of({3}).Map([](int n) { return Double(n); }), trace_);
  loop_.Run();
  EXPECT_TRUE(sync.settled() && async.settled());
  EXPECT_THAT(trace_,
              ElementsAre("read 11", "read 12", "end", "read 6", "end"));
}

TEST_F(StreamTest, WhatMapThrowsFailsTheStreamAndCancelsTheSource) {
  auto [writer, stream] = MakePipe<int>();
  EXPECT_TRUE(writer.Write(1).settled());
  const auto read = ReadAll(std::move(stream).Map([](int n) {
    if (n == 1) Throw(absl::InvalidArgumentError("one"));
    return n;
  }),
                            trace_);
  loop_.Run();
  EXPECT_TRUE(read.settled());
  EXPECT_TRUE(writer.cancelled().aborted());
  EXPECT_THAT(trace_, ElementsAre("failed one"));
}

TEST_F(StreamTest, MoveOnlyValuesPass) {
  auto [writer, stream] = MakePipe<std::unique_ptr<int>>();
  EXPECT_TRUE(writer.Write(std::make_unique<int>(5)).settled());
  const auto next = stream.Next();
  EXPECT_EQ(**next.value(), 5);
}

}  // namespace
}  // namespace millrace
