#include <vector>

#include "base/strings.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

class StreamTest : public RpcTest {
 protected:
  StreamTest() {
    StartServer();
    Connect();
  }
};

Promise<std::vector<EchoReply>> Collect(Stream<EchoReply> stream) {
  std::vector<EchoReply> all;
  for (;;) {
    std::optional<EchoReply> next = co_await stream.Next();
    if (!next.has_value()) break;
    all.push_back(*std::move(next));
  }
  co_return all;
}

Promise<void> CountUp(EchoRequest request, StreamWriter<EchoReply> out,
                      int* written) {
  try {
    for (int i = 0; i < request.count(); ++i) {
      EchoReply reply = Reply(request.text(), i);
      reply.set_filler(request.filler());
      co_await out.Write(std::move(reply));
      ++*written;
    }
    out.Close();
  } catch (...) {
    *written = -1;
  }
}

Promise<void> EchoEach(Stream<EchoRequest> requests,
                       StreamWriter<EchoReply> out) {
  try {
    for (;;) {
      std::optional<EchoRequest> request = co_await requests.Next();
      if (!request.has_value()) break;
      co_await out.Write(Reply(request->text(), request->count()));
    }
    out.Close();
  } catch (...) {
    out.Fail(StatusFrom(std::current_exception()));
  }
}

Promise<EchoReply> Sum(Stream<EchoRequest> requests, absl::Status* failure) {
  int sum = 0;
  try {
    for (;;) {
      std::optional<EchoRequest> request = co_await requests.Next();
      if (!request.has_value()) break;
      sum += request->count();
    }
  } catch (...) {
    *failure = StatusFrom(std::current_exception());
    throw;
  }
  co_return Reply("sum", sum);
}

TEST_F(StreamTest, ServerStreamArrivesInOrderAndEnds) {
  int written = 0;
  echo_.count = [&](Call, EchoRequest request) {
    Pipe<EchoReply> pipe = MakePipe<EchoReply>();
    (void)CountUp(std::move(request), pipe.writer, &written);
    return std::move(pipe.stream);
  };
  absl::StatusOr<std::vector<EchoReply>> all =
      Await(Collect(Count(Request("n", 500))));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 500u);
  for (int i = 0; i < 500; ++i) EXPECT_EQ((*all)[i].number(), i);
}

TEST_F(StreamTest, ASlowReaderHoldsBackTheWriter) {
  int written = 0;
  echo_.count = [&](Call, EchoRequest request) {
    Pipe<EchoReply> pipe = MakePipe<EchoReply>(1);
    (void)CountUp(std::move(request), pipe.writer, &written);
    return std::move(pipe.stream);
  };
  EchoRequest request = Request("", 2000);
  request.set_filler(std::string(64 << 10, 'x'));  // 125 MiB in all
  Stream<EchoReply> replies = Count(request);
  for (int read = 1; read <= 20; ++read) {
    ASSERT_TRUE(Await(replies.Next()).ok());
    // Gives the writer every chance to run ahead.
    EXPECT_EQ(Await(Delay(absl::Milliseconds(10))), absl::OkStatus());
    EXPECT_LT(written - read, 400) << "25 MiB ahead of its reader";
  }
  replies.Cancel();
  RunUntil([&] { return written == -1; });
}

TEST_F(StreamTest, BidiAlternates) {
  echo_.talk = [](Call, Stream<EchoRequest> requests) {
    Pipe<EchoReply> pipe = MakePipe<EchoReply>(1);
    (void)EchoEach(std::move(requests), pipe.writer);
    return std::move(pipe.stream);
  };
  Pipe<EchoRequest> requests = MakePipe<EchoRequest>(1);
  Stream<EchoReply> replies = Talk(std::move(requests.stream));
  for (int i = 0; i < 50; ++i) {
    (void)AsStatusOr(requests.writer.Write(Request("ping", i)));
    absl::StatusOr<std::optional<EchoReply>> reply = Await(replies.Next());
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ((*reply)->number(), i);
  }
  requests.writer.Close();
  absl::StatusOr<std::optional<EchoReply>> end = Await(replies.Next());
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_FALSE(end->has_value());
}

TEST_F(StreamTest, ClientStreamIsAnsweredOnce) {
  absl::Status failure;
  echo_.join = [&](Call, Stream<EchoRequest> requests) {
    return Sum(std::move(requests), &failure);
  };
  Pipe<EchoRequest> requests = MakePipe<EchoRequest>(100);
  for (int i = 1; i <= 10; ++i) {
    (void)AsStatusOr(requests.writer.Write(Request("", i)));
  }
  requests.writer.Close();
  absl::StatusOr<EchoReply> reply = Await(Join(std::move(requests.stream)));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->number(), 55);
}

TEST_F(StreamTest, HalfAnUploadIsNoUpload) {
  absl::Status failure;
  echo_.join = [&](Call, Stream<EchoRequest> requests) {
    return Sum(std::move(requests), &failure);
  };
  Pipe<EchoRequest> requests = MakePipe<EchoRequest>(100);
  (void)AsStatusOr(requests.writer.Write(Request("", 1)));
  requests.writer.Fail(absl::DataLossError("the file is torn"));
  absl::StatusOr<EchoReply> reply = Await(Join(std::move(requests.stream)));
  EXPECT_EQ(reply.status(), absl::DataLossError("the file is torn"));
  // The handler may have been reached or not; if so, it saw a failure.
  EXPECT_TRUE(Await(Say(Request("after"))).ok());
  RunUntil([&] { return !failure.ok(); });
  EXPECT_EQ(failure.code(), absl::StatusCode::kCancelled);
}

TEST_F(StreamTest, AFailureComesAfterTheRepliesBeforeIt) {
  echo_.count = [](Call, EchoRequest) {
    Pipe<EchoReply> pipe = MakePipe<EchoReply>();
    (void)AsStatusOr(pipe.writer.Write(Reply("one")));
    pipe.writer.Fail(absl::NotFoundError("no second"));
    return std::move(pipe.stream);
  };
  Stream<EchoReply> replies = Count(Request(""));
  absl::StatusOr<std::optional<EchoReply>> first = Await(replies.Next());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ((*first)->text(), "one");
  EXPECT_EQ(Await(replies.Next()).status(), absl::NotFoundError("no second"));
}

TEST_F(StreamTest, CancelledRepliesCancelTheHandlersStream) {
  bool handler_told = false;
  std::optional<StreamWriter<EchoReply>> writer;
  AbortSubscription subscription;
  echo_.count = [&](Call, EchoRequest) {
    Pipe<EchoReply> pipe = MakePipe<EchoReply>();
    writer = pipe.writer;
    subscription = writer->cancelled().OnAbort([&] { handler_told = true; });
    (void)AsStatusOr(pipe.writer.Write(Reply("one")));
    return std::move(pipe.stream);
  };
  {
    Stream<EchoReply> replies = Count(Request(""));
    ASSERT_TRUE(Await(replies.Next()).ok());
  }
  RunUntil([&] { return handler_told; });
}

TEST_F(StreamTest, AHandlerNeedNotReadItsRequests) {
  echo_.talk = [](Call, Stream<EchoRequest>) {
    return Stream<EchoReply>::Failed(
        absl::PermissionDeniedError("not for you"));
  };
  Pipe<EchoRequest> requests = MakePipe<EchoRequest>(100);
  for (int i = 0; i < 50; ++i) {
    (void)AsStatusOr(requests.writer.Write(Request("", i)));
  }
  Stream<EchoReply> replies = Talk(std::move(requests.stream));
  EXPECT_EQ(Await(replies.Next()).status(),
            absl::PermissionDeniedError("not for you"));
}

}  // namespace
}  // namespace millrace::rpc
