#include "contract/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "golden/plain.pb.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using golden::Point;
using testing::ElementsAre;

MessagePtr PointOf(int x) {
  auto point = std::make_unique<Point>();
  point->set_x(x);
  return point;
}

Stream<MessagePtr> Points(int count) {
  std::vector<MessagePtr> points;
  for (int x = 0; x < count; ++x) points.push_back(PointOf(x));
  return Stream<MessagePtr>::Of(std::move(points));
}

class StreamsTest : public testing::Test {
 protected:
  StreamsTest() {
    loop_.OnUnhandledRejection([this](std::exception_ptr error) {
      log_.push_back("unhandled: " + StatusFrom(error).ToString());
    });
  }

  // Notes what one read gives.
  Promise<void> Read(Promise<std::optional<MessagePtr>> next) {
    try {
      const std::optional<MessagePtr> message = co_await std::move(next);
      log_.push_back(
          message ? std::to_string(static_cast<Point&>(**message).x()) : "end");
    } catch (const StatusError& error) {
      log_.push_back(std::string(error.status().message()));
    }
  }

  void ReadOnce(Stream<MessagePtr>& stream) {
    reads_.push_back(Read(stream.Next()));
  }

  EventLoop loop_;
  std::vector<std::string> log_;
  std::vector<Promise<void>> reads_;
};

TEST_F(StreamsTest, OneMessageAndTheEnd) {
  Stream<MessagePtr> stream = StreamOf(PointOf(7));
  ReadOnce(stream);
  ReadOnce(stream);
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("7", "end"));
}

TEST_F(StreamsTest, OneMessageLater) {
  Deferred<MessagePtr> later;
  Stream<MessagePtr> stream = StreamOf(later.promise());
  ReadOnce(stream);
  ReadOnce(stream);
  loop_.SetTimeout(absl::Milliseconds(1),
                   [later] { later.Resolve(PointOf(7)); });
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("7", "end"));
}

TEST_F(StreamsTest, OneMessageThatFails) {
  Deferred<MessagePtr> later;
  Stream<MessagePtr> stream = StreamOf(later.promise());
  later.Reject(absl::AbortedError("no"));
  ReadOnce(stream);
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("no"));
}

TEST_F(StreamsTest, AStreamLaterKeepsTheOrderOfReads) {
  Deferred<Stream<MessagePtr>> later;
  Stream<MessagePtr> stream = StreamOf(later.promise());
  ReadOnce(stream);
  ReadOnce(stream);
  later.Resolve(Points(3));
  ReadOnce(stream);
  loop_.SetTimeout(absl::Milliseconds(1), [&] { ReadOnce(stream); });
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("0", "1", "2", "end"));
}

TEST_F(StreamsTest, AStreamThatNeverComesFailsItsReads) {
  Deferred<Stream<MessagePtr>> later;
  Stream<MessagePtr> stream = StreamOf(later.promise());
  ReadOnce(stream);
  later.Reject(absl::AbortedError("no"));
  loop_.SetTimeout(absl::Milliseconds(1), [&] { ReadOnce(stream); });
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("no", "no"));
}

TEST_F(StreamsTest, AFailureThatNobodyReadsIsNoUnhandledRejection) {
  Deferred<Stream<MessagePtr>> later;
  { const Stream<MessagePtr> dropped = StreamOf(later.promise()); }
  later.Reject(absl::AbortedError("no"));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre());
}

TEST_F(StreamsTest, CancelBeforeTheStreamComesReachesBothSides) {
  Deferred<Stream<MessagePtr>> later;
  Stream<MessagePtr> stream = StreamOf(later.promise());
  ReadOnce(stream);
  stream.Cancel(absl::CancelledError("enough"));
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>();
  later.Resolve(std::move(pipe.stream));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("enough"));
  EXPECT_EQ(pipe.writer.cancelled().reason(), absl::CancelledError("enough"));
}

TEST_F(StreamsTest, CancelReachesTheStreamThatCame) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>();
  Deferred<Stream<MessagePtr>> later;
  later.Resolve(std::move(pipe.stream));
  Stream<MessagePtr> stream = StreamOf(later.promise());
  ReadOnce(stream);
  loop_.SetTimeout(absl::Milliseconds(1),
                   [&] { stream.Cancel(absl::CancelledError("enough")); });
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("enough"));
  EXPECT_TRUE(pipe.writer.cancelled().aborted());
}

TEST_F(StreamsTest, TypesComeOffAndOn) {
  Stream<MessagePtr> stream = Erased(Typed<Point>(Points(2)));
  ReadOnce(stream);
  ReadOnce(stream);
  ReadOnce(stream);
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("0", "1", "end"));
}

Promise<void> NoteOnly(Stream<MessagePtr> stream,
                       std::vector<std::string>* log) {
  try {
    const MessagePtr only =
        co_await TheOnlyOne(std::move(stream), absl::StatusCode::kInternal);
    log->push_back(std::to_string(static_cast<Point&>(*only).x()));
  } catch (const StatusError& error) {
    log->push_back(error.status().ToString());
  }
}

TEST_F(StreamsTest, TheOnlyOneIsExactlyOne) {
  reads_.push_back(NoteOnly(Points(1), &log_));
  loop_.Run();
  reads_.push_back(NoteOnly(Points(0), &log_));
  loop_.Run();
  reads_.push_back(NoteOnly(Points(2), &log_));
  loop_.Run();
  EXPECT_THAT(log_,
              ElementsAre("0", "INTERNAL: no message came where one belongs",
                          "INTERNAL: more than one message came where one "
                          "belongs"));
}

TEST_F(StreamsTest, AFailureBehindTheOnlyOneCounts) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>();
  reads_.push_back(NoteOnly(std::move(pipe.stream), &log_));
  reads_.push_back(pipe.writer.Write(PointOf(1)));
  pipe.writer.Fail(absl::DataLossError("cut off"));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("DATA_LOSS: cut off"));
}

}  // namespace
}  // namespace millrace
