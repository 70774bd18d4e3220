// What gRPC's protocol asks of a server that carries it itself.

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/gzip.h"
#include "base/strings.h"
#include "loop/loop_group.h"
#include "loop/loop_ref.h"
#include "rpc/http2_fields_internal.h"
#include "rpc/raw_client.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using Fields = std::map<std::string, std::string>;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

TEST(Http2FieldsTest, Timeouts) {
  EXPECT_EQ(ParseTimeout("1H"), absl::Hours(1));
  EXPECT_EQ(ParseTimeout("99999999n"), absl::Nanoseconds(99999999));
  EXPECT_EQ(ParseTimeout("250m"), absl::Milliseconds(250));
  EXPECT_EQ(ParseTimeout("0S"), absl::ZeroDuration());
  for (const char* broken :
       {"", "1", "S", "1s", "-1S", "+1S", "1.5S", " 1S", "123456789S", "1SS"}) {
    EXPECT_EQ(ParseTimeout(broken), std::nullopt) << broken;
  }
}

TEST(Http2FieldsTest, ContentTypes) {
  for (const char* grpc :
       {"application/grpc", "application/grpc+proto",
        "application/grpc;charset=utf-8", "application/grpc+proto; a=b"}) {
    EXPECT_TRUE(IsGrpcProto(grpc)) << grpc;
  }
  for (const char* other : {"", "application/json", "application/grpc-web",
                            "application/grpc+json", "application/grpcx"}) {
    EXPECT_FALSE(IsGrpcProto(other)) << other;
  }
}

TEST(Http2FieldsTest, BinaryMetadata) {
  Metadata metadata;
  EXPECT_TRUE(AddMetadata("a-bin", "AP8,AP8=", &metadata));
  EXPECT_TRUE(AddMetadata("b", "AP8=", &metadata));
  EXPECT_FALSE(AddMetadata("c-bin", "?", &metadata));
  const std::string bytes("\0\xff", 2);
  const Metadata expected = {{"a-bin", bytes}, {"a-bin", bytes}, {"b", "AP8="}};
  EXPECT_EQ(metadata, expected);
}

Promise<EchoReply> Gather(Stream<EchoRequest> requests,
                          std::vector<std::string>* got) {
  while (auto request = co_await requests.Next()) {
    got->push_back(request->text());
  }
  co_return Reply("all");
}

class Http2ServerTest : public RpcTest {
 protected:
  // Runs the loop while `client` talks to the server on a thread of its own.
  void Serve(const std::function<void(int port)>& client) {
    std::thread thread([&, port = server_->port()] {
      client(port);
      loop_.Post([this] { loop_.Stop(); });
    });
    loop_.Run();
    thread.join();
  }

  // The last fields of what is answered to these.
  Fields Ask(std::string_view headers, std::string_view body = "") {
    Fields last;
    Serve([&](int port) {
      const auto client = RawClient::Greeting(port);
      client->Send(StrCat(Frame(kHeaders, kEndHeaders, 1, headers),
                          Frame(kData, kEndStream, 1, body)));
      last = client->ReadFields(kEndStream);
    });
    return last;
  }

  static std::string Message(std::string_view bytes, int flag = 0) {
    return StrCat(Number(static_cast<uint64_t>(flag), 1),
                  Number(bytes.size(), 4), bytes);
  }
};

TEST_F(Http2ServerTest, WhatIsNoCallOfGrpcIsRefusedAsHttp) {
  StartServer();
  const std::string path =
      StrCat(Field(":scheme", "http"), Field(":authority", "x"),
             Field(":path", "/millrace.test.Echo/Say"));
  EXPECT_THAT(Ask(StrCat(Field(":method", "GET"), path)),
              Contains(Pair(":status", "405")));
  EXPECT_THAT(Ask(StrCat(Field(":method", "POST"), path,
                         Field("content-type", "application/json"))),
              Contains(Pair(":status", "415")));
}

TEST_F(Http2ServerTest, WhoSpeaksHttp1IsTold) {
  StartServer();
  Serve([](int port) {
    RawClient client(port);
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.ReadAll();
    EXPECT_THAT(answer, HasSubstr("this port speaks gRPC"));
    const size_t head = answer.find("\r\n\r\n") + 4;
    EXPECT_THAT(answer, HasSubstr(StrCat(
                            "Content-Length: ", answer.size() - head, "\r\n")));
  });
}

TEST_F(Http2ServerTest, BrokenFieldsAreNamed) {
  StartServer();
  const auto status = [&](std::string_view name, std::string_view value) {
    return Ask(StrCat(CallHeaders("Say"), Field(name, value)), Message(""));
  };
  EXPECT_THAT(status("grpc-timeout", "soon"),
              AllOf(Contains(Pair("grpc-status", "13")),
                    Contains(Pair("grpc-message", HasSubstr("'soon'")))));
  EXPECT_THAT(status("x-bin", "???"), Contains(Pair("grpc-status", "13")));
  EXPECT_THAT(status("grpc-encoding", "zstd"),
              AllOf(Contains(Pair("grpc-status", "12")),
                    Contains(Pair("grpc-accept-encoding", "identity,gzip"))));
  EXPECT_THAT(status("grpc-timeout", "10S"),
              Contains(Pair("grpc-status", "0")));
}

TEST_F(Http2ServerTest, CompressedMessages) {
  StartServer({.max_message_bytes = 10'000});
  const std::string gzip =
      StrCat(CallHeaders("Say"), Field("grpc-encoding", "gzip"));
  const std::string large =
      Gzip(Request(std::string(8'000, 'a')).SerializeAsString());
  const std::string too_large =
      Gzip(Request(std::string(20'000, 'a')).SerializeAsString());
  EXPECT_THAT(Ask(gzip, Message(large, 1)), Contains(Pair("grpc-status", "0")));
  EXPECT_THAT(Ask(gzip, Message("")), Contains(Pair("grpc-status", "0")));
  EXPECT_THAT(Ask(gzip, Message(too_large, 1)),
              Contains(Pair("grpc-status", "8")));
  EXPECT_THAT(Ask(gzip, Message("no gzip", 1)),
              Contains(Pair("grpc-status", "3")));
  EXPECT_THAT(Ask(CallHeaders("Say"), Message(large, 1)),
              Contains(Pair("grpc-status", "13")));
  EXPECT_THAT(Ask(CallHeaders("Say"), Message("", 2)),
              Contains(Pair("grpc-status", "13")));
}

TEST_F(Http2ServerTest, RequestsThatEndInsideAMessage) {
  StartServer();
  const std::string whole = Message(Request("hello").SerializeAsString());
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(Ask(CallHeaders("Say"), whole.substr(0, size)),
                Contains(Pair("grpc-status", "13")))
        << size;
  }
}

TEST_F(Http2ServerTest, AUnaryCallHasOneRequest) {
  StartServer();
  int asked = 0;
  echo_.say = [&](Call, EchoRequest) {
    ++asked;
    return Promise<EchoReply>::Resolve(Reply(""));
  };
  EXPECT_THAT(Ask(CallHeaders("Say"), StrCat(Message(""), Message(""))),
              Contains(Pair("grpc-status", "12")));
  Serve([&](int port) {
    const auto client = RawClient::Greeting(port);
    client->Send(StrCat(Frame(kHeaders, kEndHeaders, 1, CallHeaders("Say")),
                        Frame(kData, 0, 1, Message(""))));
    client->Send(Frame(kData, kEndStream, 1, Message("")));
    EXPECT_THAT(client->ReadFields(kEndStream),
                Contains(Pair("grpc-status", "12")));
  });
  EXPECT_EQ(asked, 0);
}

// However the bytes are cut into frames.
TEST_F(Http2ServerTest, MessagesInPieces) {
  StartServer();
  std::vector<std::string> got;
  echo_.join = [&](Call, Stream<EchoRequest> requests) {
    return Gather(std::move(requests), &got);
  };
  std::string bytes;
  for (const char* text : {"one", "", "three"}) {
    bytes += Message(Request(text).SerializeAsString());
  }
  for (const size_t step : {size_t{1}, size_t{3}, size_t{7}, bytes.size()}) {
    got.clear();
    Serve([&](int port) {
      const auto client = RawClient::Greeting(port);
      client->Send(Frame(kHeaders, kEndHeaders, 1, CallHeaders("Join")));
      for (size_t at = 0; at < bytes.size(); at += step) {
        client->Send(Frame(kData, 0, 1, bytes.substr(at, step)));
      }
      client->Send(Frame(kData, kEndStream, 1));
      EXPECT_THAT(client->ReadFields(kEndStream),
                  Contains(Pair("grpc-status", "0")));
    });
    EXPECT_EQ(got, (std::vector<std::string>{"one", "", "three"})) << step;
  }
}

TEST_F(Http2ServerTest, TooMuchMetadataIsRefused) {
  StartServer();
  std::string headers = CallHeaders("Say");
  for (int i = 0; i < 800; ++i) {
    headers += Field(StrCat("x-", i), std::string(60, 'a'));
  }
  Serve([&](int port) {
    const auto client = RawClient::Greeting(port);
    client->Send(Frame(kHeaders, 0, 1, headers.substr(0, 16'000)));
    for (size_t at = 16'000; at < headers.size(); at += 16'000) {
      const bool last = at + 16'000 >= headers.size();
      client->Send(Frame(kContinuation, last ? kEndHeaders : 0, 1,
                         headers.substr(at, 16'000)));
    }
    client->Send(Frame(kData, kEndStream, 1, Message("")));
    EXPECT_THAT(client->ReadFields(kEndStream),
                Contains(Pair("grpc-status", "8")));
  });
}

// A caller that goes on sending after its call was answered is stopped.
TEST_F(Http2ServerTest, AnAnswerBeforeTheEndOfTheRequestsResetsTheStream) {
  StartServer();
  Serve([](int port) {
    const auto client = RawClient::Greeting(port);
    client->Send(Frame(kHeaders, kEndHeaders, 1, CallHeaders("Nothing")));
    EXPECT_THAT(client->ReadFields(kEndStream),
                Contains(Pair("grpc-status", "12")));
    const auto reset = client->ReadUntil(kReset);
    ASSERT_TRUE(reset.has_value());
    EXPECT_EQ(reset->payload, Number(0, 4));  // NO_ERROR
  });
}

// The handler's timer and the call's are due in the same turn of the loop.
TEST_F(Http2ServerTest, ADeadlineDoesNotTakeBackTheStatus) {
  StartServer();
  echo_.say = [&](const Call&, const EchoRequest&) {
    Deferred<EchoReply> reply;
    loop_.SetTimeout(absl::Milliseconds(5), [reply] {
      reply.Reject(absl::DeadlineExceededError("the handler's own"));
    });
    loop_.SetImmediate([] { absl::SleepFor(absl::Milliseconds(40)); });
    return reply.promise();
  };
  EXPECT_THAT(Ask(StrCat(CallHeaders("Say"), Field("grpc-timeout", "20m")),
                  Message("")),
              AllOf(Contains(Pair("grpc-status", "4")),
                    Contains(Pair("grpc-message", "the handler's own"))));
}

TEST_F(Http2ServerTest, ADrainIsAnnouncedBeforeItIsFinal) {
  StartServer();
  std::atomic<int> arrived = 0;
  std::vector<Deferred<EchoReply>> held;
  echo_.say = [&](Call, EchoRequest) {
    ++arrived;
    return held.emplace_back().promise();
  };
  std::optional<Promise<void>> drained;
  Serve([&](int port) {
    const auto client = RawClient::Greeting(port);
    client->Send(StrCat(Frame(kHeaders, kEndHeaders, 1, CallHeaders("Say")),
                        Frame(kData, kEndStream, 1, Message(""))));
    while (arrived == 0) std::this_thread::yield();
    loop_.Post([&] { drained = server_->Drain(absl::Hours(1)); });
    const auto notice = client->ReadUntil(kGoAway);
    ASSERT_TRUE(notice.has_value());
    EXPECT_EQ(notice->payload.substr(0, 4), Number(0x7fffffff, 4));
    // What was on its way is served, too.
    client->Send(StrCat(Frame(kHeaders, kEndHeaders, 3, CallHeaders("Say")),
                        Frame(kData, kEndStream, 3, Message(""))));
    const auto ping = client->ReadUntil(kPing);
    ASSERT_TRUE(ping.has_value());
    client->Send(Frame(kPing, 1, 0, ping->payload));
    const auto final = client->ReadUntil(kGoAway);
    ASSERT_TRUE(final.has_value());
    EXPECT_EQ(final->payload.substr(0, 4), Number(3, 4));
    loop_.Post([&] {
      for (const auto& call : held) call.Resolve(Reply(""));
    });
    for (int i = 0; i < 2; ++i) {
      EXPECT_THAT(client->ReadFields(kEndStream),
                  Contains(Pair("grpc-status", "0")));
    }
    EXPECT_TRUE(client->ReadToEnd());
  });
  EXPECT_EQ(Await(std::move(*drained)), absl::OkStatus());
}

// What a second loop has; the first's is the fixture's.
struct OtherLoop {
  explicit OtherLoop(EventLoop& loop) : engine(loop) {}

  NullLogger logger;
  NullMetrics metrics;
  TestEcho echo;
  DirectDispatcher dispatcher{{test::BindEcho(echo)}};
  Engine engine;
  std::unique_ptr<Server> server;
};

TEST_F(Http2ServerTest, LoopsShareAPort) {
  LoopGroup group(loop_, {.loops = 2});
  OtherLoop* other = nullptr;
  ASSERT_EQ(
      group.Start([&](EventLoop& loop,
                      int index) -> absl::StatusOr<std::shared_ptr<void>> {
        if (index == 0) return nullptr;
        auto part = std::make_shared<OtherLoop>(loop);
        other = part.get();
        return part;
      }),
      absl::OkStatus());
  const auto listener =
      ValueOrThrow(Listener::Open({&*engine_, &other->engine}, {}, logger_));
  server_ = ValueOrThrow(
      Server::Start(*engine_, listener, dispatcher_, logger_, metrics_));
  EXPECT_EQ(Await(CallOn(group.loop(1),
                         [&] {
                           other->server = ValueOrThrow(Server::Start(
                               other->engine, listener, other->dispatcher,
                               other->logger, other->metrics));
                           other->echo.say = [](Call, EchoRequest) {
                             return Promise<EchoReply>::Resolve(Reply("other"));
                           };
                         })),
            absl::OkStatus());
  EXPECT_EQ(Listener::Open({&*engine_}, {.address = address()}, logger_)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
  int first = 0, second = 0;
  // The kernel spreads connections by chance.
  for (int i = 0; i < 1000 && (first == 0 || second == 0); ++i) {
    const std::string at = address();
    const auto channel = NewChannel(*engine_, {.target = at});
    const auto reply =
        Await(channel->Unary(test::SayMethod(), {}, Request("first")));
    ASSERT_TRUE(reply.ok()) << reply.status();
    const auto& text = static_cast<const EchoReply&>(**reply).text();
    ++(text == "other" ? second : first);
  }
  EXPECT_GT(first, 0);
  EXPECT_GT(second, 0);
  group.Stop();
  group.Join();
}

}  // namespace
}  // namespace millrace::rpc
