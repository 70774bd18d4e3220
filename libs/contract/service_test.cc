// Client to handler and back: generated client, a channel that carries
// everything as bytes, dispatcher, method table, generated interface.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "contract/dispatcher.h"
#include "contract/errors.h"
#include "golden/service.millrace.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using golden::Point;
using golden::v1::BoardService;
using golden::v1::BoardServiceClient;
using golden::v1::DrawRequest;
using golden::v1::DrawResponse;
using golden::v1::Window;
using google::protobuf::Empty;
using testing::ElementsAre;
using testing::HasSubstr;

Point PointAt(int x, int y) {
  Point point;
  point.set_x(x);
  point.set_y(y);
  return point;
}

DrawRequest Dot(int x, int y) {
  DrawRequest request;
  request.set_x(x);
  request.set_y(y);
  return request;
}

// Copies through bytes, as a wire does.
MessagePtr Copied(const Message& prototype, const Message& message) {
  MessagePtr copy(prototype.New());
  EXPECT_TRUE(copy->ParseFromString(message.SerializeAsString()));
  return copy;
}

// What rpc's channel and server are together.
class WireChannel : public Channel {
 public:
  explicit WireChannel(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

  Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                            const Message& request) override {
    MessagePtr response = co_await dispatcher_.Unary(
        Incoming(method, call), Copied(method.request(), request));
    co_return Copied(method.response(), *response);
  }

  Stream<MessagePtr> Streaming(const MethodInfo& method, const Call& call,
                               Stream<MessagePtr> requests) override {
    return dispatcher_.Streaming(Incoming(method, call), std::move(requests));
  }

 private:
  IncomingCall Incoming(const MethodInfo& method, const Call& call) {
    const auto target = dispatcher_.Find(method.path);
    if (!target) Throw(absl::UnimplementedError("no such method"));
    return {.binding = target->binding,
            .method = target->method,
            .metadata = {{"traceparent", call.context.trace.traceparent()}},
            .deadline = call.context.deadline,
            .signal = call.signal,
            .face = "test"};
  }

  Dispatcher& dispatcher_;
};

class Board : public BoardService {
 public:
  Promise<DrawResponse> Draw(const Call& call,
                             const DrawRequest& request) override {
    trace = call.context.trace;
    deadline = call.context.deadline;
    co_await Promise<void>::Resolve();
    if (request.x() == 13) Throw(absl::FailedPreconditionError("no 13"));
    DrawResponse response;
    response.set_dots(request.x() + request.y());
    co_return response;
  }

  Promise<Point> Look(const Call&, const Window& request) override {
    return Promise<Point>::Resolve(PointAt(request.width(), 0));
  }

  Stream<Point> Watch(const Call&, const Window& request) override {
    if (request.width() < 0) {
      return Stream<Point>::Failed(absl::OutOfRangeError("too narrow"));
    }
    Pipe<Point> pipe = MakePipe<Point>(2);
    produced = Produce(request.width(), pipe.writer);
    return std::move(pipe.stream);
  }

  Promise<DrawResponse> Fill(const Call& call,
                             Stream<DrawRequest> requests) override {
    DrawResponse response;
    while (auto request = co_await requests.Next()) {
      response.set_dots(response.dots() + request->x());
    }
    trace = call.context.trace;  // the call is still there
    co_return response;
  }

  Stream<Point> Mirror(const Call&, Stream<DrawRequest> requests) override {
    return std::move(requests).Map([](DrawRequest request) -> Point {
      return PointAt(request.y(), request.x());
    });
  }

  Promise<Empty> Reset(const Call&, const golden::v1::Reset&) override {
    return Promise<Empty>::Resolve(Empty());
  }

  Promise<Empty> Introduce(const Call&, const golden::Person&) override {
    return Promise<Empty>::Resolve(Empty());
  }

  TraceContext trace;
  absl::Time deadline;
  Promise<void> produced = Promise<void>::Resolve();
  int written = 0;

 private:
  Promise<void> Produce(int count, StreamWriter<Point> writer) {
    try {
      for (int i = 0; i < count; ++i) {
        co_await writer.Write(PointAt(i, i));
        ++written;
      }
      writer.Close();
    } catch (const StatusError& error) {
      stopped = error.status();
    }
  }

 public:
  absl::Status stopped;
};

class ServiceTest : public testing::Test {
 protected:
  // Runs the loop and answers what the promise settled with.
  template <typename T>
  absl::StatusOr<T> Wait(Promise<T> promise) {
    absl::StatusOr<T> result = absl::UnknownError("never settled");
    Promise<void> done = Keep(std::move(promise), &result);
    loop_.Run();
    return result;
  }

  template <typename T>
  static Promise<void> Keep(Promise<T> promise, absl::StatusOr<T>* result) {
    try {
      *result = co_await std::move(promise);
    } catch (const StatusError& error) {
      *result = error.status();
    }
  }

  static Promise<std::vector<int>> Xs(Stream<Point> points) {
    std::vector<int> xs;
    while (auto point = co_await points.Next()) xs.push_back(point->x());
    co_return xs;
  }

  static Promise<std::vector<int>> FirstXs(Stream<Point> points, int count) {
    std::vector<int> xs;
    while (count-- > 0) {
      auto point = co_await points.Next();
      if (!point) break;
      xs.push_back(point->x());
    }
    co_return xs;
  }

  static Promise<void> Send(std::vector<DrawRequest> requests,
                            StreamWriter<DrawRequest> writer) {
    try {
      for (DrawRequest& request : requests) {
        co_await writer.Write(std::move(request));
      }
      writer.Close();
    } catch (const StatusError&) {  // the reader is gone
    }
  }

  Stream<DrawRequest> Requests(std::vector<DrawRequest> requests) {
    Pipe<DrawRequest> pipe = MakePipe<DrawRequest>(2);
    sent_ = Send(std::move(requests), pipe.writer);
    return std::move(pipe.stream);
  }

  EventLoop loop_;
  Board board_;
  DirectDispatcher dispatcher_{{Bind(board_)}};
  WireChannel channel_{dispatcher_};
  BoardServiceClient client_{channel_};
  Call call_;
  Promise<void> sent_ = Promise<void>::Resolve();
};

TEST_F(ServiceTest, UnaryGoesThereAndBack) {
  call_.context.trace = TraceContext::NewRoot();
  call_.context.deadline = absl::FromUnixSeconds(2000000000);
  const auto response = Wait(client_.Draw(call_, Dot(3, 4)));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->dots(), 7);
  EXPECT_EQ(board_.trace.trace_id, call_.context.trace.trace_id);
  EXPECT_EQ(board_.deadline, call_.context.deadline);
}

TEST_F(ServiceTest, TheHandlersErrorIsTheCallers) {
  EXPECT_EQ(Wait(client_.Draw(call_, Dot(13, 4))).status(),
            absl::FailedPreconditionError("no 13"));
}

TEST_F(ServiceTest, TheRulesComeBeforeTheHandler) {
  const auto response = Wait(client_.Draw(call_, Dot(100, -1)));
  EXPECT_THAT(Violations(response.status()),
              ElementsAre(FieldViolation{"x", "must be at most 99, is 100"},
                          FieldViolation{"y", "must be at least 0, is -1"}));
}

TEST_F(ServiceTest, RulesOfAnotherFileApply) {
  const auto response = Wait(client_.Introduce(call_, golden::Person()));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ServiceTest, TheHandlerStandsInForTheClient) {
  BoardService& service = board_;
  const DrawRequest request = Dot(1, 1);
  const auto response = Wait(service.Draw(call_, request));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->dots(), 2);
}

TEST_F(ServiceTest, ServerStreamIsReadToItsEnd) {
  Window window;
  window.set_width(20);
  const auto xs = Wait(Xs(client_.Watch(call_, window)));
  ASSERT_TRUE(xs.ok()) << xs.status();
  EXPECT_EQ(xs->size(), 20u);
  EXPECT_EQ(xs->back(), 19);
}

TEST_F(ServiceTest, ServerStreamFailsWithItsStatus) {
  Window window;
  window.set_width(-1);
  EXPECT_EQ(Wait(Xs(client_.Watch(call_, window))).status(),
            absl::OutOfRangeError("too narrow"));
}

TEST_F(ServiceTest, AServerStreamThatIsLeftStops) {
  Window window;
  window.set_width(1000000);
  const auto xs = Wait(FirstXs(client_.Watch(call_, window), 3));
  ASSERT_TRUE(xs.ok()) << xs.status();
  EXPECT_THAT(*xs, ElementsAre(0, 1, 2));
  EXPECT_EQ(board_.stopped.code(), absl::StatusCode::kCancelled);
  EXPECT_LT(board_.written, 20);
}

TEST_F(ServiceTest, ClientStreamIsAnsweredOnce) {
  call_.context.trace = TraceContext::NewRoot();
  const auto response =
      Wait(client_.Fill(call_, Requests({Dot(1, 0), Dot(2, 0), Dot(3, 0)})));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->dots(), 6);
  EXPECT_EQ(board_.trace.trace_id, call_.context.trace.trace_id);
}

TEST_F(ServiceTest, EachRequestOfAStreamIsChecked) {
  const auto response =
      Wait(client_.Fill(call_, Requests({Dot(1, 0), Dot(200, 0)})));
  EXPECT_THAT(std::string(response.status().message()),
              HasSubstr("x: must be at most 99, is 200"));
}

TEST_F(ServiceTest, BidiAnswersEachRequest) {
  const auto xs =
      Wait(Xs(client_.Mirror(call_, Requests({Dot(1, 5), Dot(2, 6)}))));
  ASSERT_TRUE(xs.ok()) << xs.status();
  EXPECT_THAT(*xs, ElementsAre(5, 6));
}

TEST_F(ServiceTest, AServerStreamWantsOneRequest) {
  const MethodInfo& watch = BoardService::Info().methods[2];
  IncomingCall call;
  call.binding = &dispatcher_.services()[0];
  call.method = &watch;
  auto none = dispatcher_.Streaming(call, Stream<MessagePtr>::Empty());
  EXPECT_EQ(Wait(none.Next()).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST_F(ServiceTest, MethodsAreFoundByPath) {
  const auto target = dispatcher_.Find("/golden.v1.BoardService/Look");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->method->name, "Look");
  EXPECT_TRUE(target->method->no_side_effects);
  EXPECT_EQ(target->binding->info, &BoardService::Info());
  EXPECT_FALSE(dispatcher_.Find("/golden.v1.BoardService/Nope"));
  EXPECT_FALSE(dispatcher_.Find("golden.v1.BoardService/Look"));
}

TEST_F(ServiceTest, TheTableDescribesTheService) {
  const ServiceInfo& info = BoardService::Info();
  EXPECT_EQ(info.full_name, "golden.v1.BoardService");
  EXPECT_EQ(info.file()->name(), "golden/service.proto");
  ASSERT_EQ(info.methods.size(), 7u);
  EXPECT_EQ(info.methods[0].kind, MethodKind::kUnary);
  EXPECT_FALSE(info.methods[0].no_side_effects);
  EXPECT_EQ(info.methods[2].kind, MethodKind::kServerStream);
  EXPECT_EQ(info.methods[3].kind, MethodKind::kClientStream);
  EXPECT_EQ(info.methods[4].kind, MethodKind::kBidi);
  EXPECT_EQ(info.methods[4].request().GetDescriptor()->name(), "DrawRequest");
  EXPECT_EQ(info.methods[4].response().GetDescriptor()->name(), "Point");
}

}  // namespace
}  // namespace millrace
