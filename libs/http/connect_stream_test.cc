// Streams of the Connect protocol, and as Server-Sent Events.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "http/connect_fixture.h"
#include "http/connect_stream.h"
#include "http/envelope.h"
#include "http/sse.h"
#include "loop/event_loop.h"

namespace millrace::http {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;

constexpr std::string_view kJsonStream = "application/connect+json";

// "0:<message>" and "2:<end>" of a streamed body.
std::vector<std::string> Frames(std::string_view body) {
  std::vector<std::string> frames;
  while (body.size() >= 5) {
    size_t size = 0;
    for (size_t i = 1; i < 5; ++i) {
      size = size << 8 | static_cast<uint8_t>(body[i]);
    }
    frames.push_back(
        StrCat(static_cast<int>(body[0]), ":", body.substr(5, size)));
    body.remove_prefix(std::min(body.size(), 5 + size));
  }
  if (!body.empty()) frames.push_back("a piece of a frame");
  return frames;
}

class ConnectStreamTest : public ConnectFixture {
 protected:
  TestResponse Post(std::string_view method, std::string_view body,
                    std::string_view type = kJsonStream,
                    std::string_view fields = "") {
    return Ask(
        PostRequest(StrCat("/test.v1.Echo/", method), type, body, fields));
  }
};

TEST_F(ConnectStreamTest, AnswersInEnvelopes) {
  Serve([this] {
    const TestResponse got = Post("List", Envelope(0, R"({"domain":"3"})"));
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.headers.Get("Content-Type"), kJsonStream);
    EXPECT_THAT(Frames(got.body),
                ElementsAre(R"(0:{"reason":"1"})", R"(0:{"reason":"2"})",
                            R"(0:{"reason":"3"})", "2:{}"));
  });
}

TEST_F(ConnectStreamTest, AnswersInProto) {
  Info info;
  info.set_domain("1");
  Serve([&] {
    const TestResponse got = Post("List", Envelope(0, info.SerializeAsString()),
                                  "application/connect+proto");
    EXPECT_EQ(got.headers.Get("Content-Type"), "application/connect+proto");
    EXPECT_THAT(Frames(got.body), ElementsAre("0:\n\x01"
                                              "1",
                                              "2:{}"));
  });
}

TEST_F(ConnectStreamTest, EndsWithTheError) {
  Serve([this] {
    EXPECT_THAT(
        Frames(Post("List", Envelope(0, R"({"domain":"1","reason":"fail"})"))
                   .body),
        ElementsAre(R"(0:{"reason":"1"})", R"(2:{"error":{"code":"internal",)"
                                           R"("message":"list broke"}})"));
  });
}

TEST_F(ConnectStreamTest, MalformedRequestsAreErrorsInTheStream) {
  Serve([this] {
    const auto error = [this](std::string_view body) {
      const TestResponse got = Post("List", body);
      EXPECT_EQ(got.status, 200);
      return got.body;
    };
    EXPECT_THAT(error(std::string(3, '\0')), HasSubstr("invalid_argument"));
    for (const std::string& body :
         {std::string(), Envelope(0, "{}") + Envelope(0, "{}")}) {
      EXPECT_THAT(error(body), HasSubstr("exactly one request"));
      EXPECT_THAT(error(body), HasSubstr("unimplemented"));
    }
    EXPECT_THAT(error(Envelope(4, "{}")), HasSubstr("unknown flags"));
    EXPECT_THAT(error(Envelope(0, "{")), HasSubstr("line 1"));
    EXPECT_THAT(error(std::string("\0\xff\xff\xff\xff{}", 7)),
                HasSubstr("ends inside message 1"));
  });
}

TEST_F(ConnectStreamTest, TakesClientStreamsAndAnswersBidi) {
  const std::string body =
      Envelope(0, R"({"reason":"a"})") + Envelope(0, R"({"reason":"b"})");
  Serve([&] {
    EXPECT_THAT(Frames(Post("Gather", body).body),
                ElementsAre(R"(0:{"reason":"ab"})", "2:{}"));
    EXPECT_THAT(
        Frames(Post("Chat", body).body),
        ElementsAre(R"(0:{"reason":"a"})", R"(0:{"reason":"b"})", "2:{}"));
    EXPECT_THAT(Frames(Post("Chat", "").body), ElementsAre("2:{}"));
  });
}

TEST_F(ConnectStreamTest, EventsForBrowsers) {
  constexpr std::string_view kWanted =
      "data: {\"reason\":\"1\"}\n\ndata: {\"reason\":\"2\"}\n\n"
      "event: end\ndata: {}\n\n";
  Serve([&] {
    const TestResponse get =
        Ask(GetRequest("/test.v1.Echo/List?message=%7B%22domain%22:%222%22%7D",
                       "Accept: text/event-stream\r\n"));
    EXPECT_EQ(get.status, 200);
    EXPECT_EQ(get.headers.Get("Content-Type"), "text/event-stream");
    EXPECT_EQ(get.headers.Get("Cache-Control"), "no-store");
    EXPECT_EQ(get.body, kWanted);
    const TestResponse post =
        Post("List", R"({"domain":"2"})", "application/json",
             "Accept: text/html, text/event-stream\r\n");
    EXPECT_EQ(post.body, kWanted);
    EXPECT_THAT(Post("List", R"({"reason":"fail"})", "application/json",
                     "Accept: text/event-stream\r\n")
                    .body,
                HasSubstr("event: error\ndata: {\"code\":\"internal\""));
    // Wrong before it begins: a plain error.
    EXPECT_EQ(
        Post("List", "{", "application/json", "Accept: text/event-stream\r\n")
            .status,
        400);
    EXPECT_EQ(
        Post("Chat", "{}", "application/json", "Accept: text/event-stream\r\n")
            .status,
        501);
  });
}

TEST_F(ConnectStreamTest, ALeavingClientEndsAnEndlessStream) {
  Serve([this] {
    {
      TestClient client(port());
      client.Send(
          GetRequest("/test.v1.Echo/List?message=%7B%22domain%22:%22all%22%7D",
                     "Accept: text/event-stream\r\n"));
      client.ReadUntil("\"100\"");
    }
    while (service_.aborted == 0) std::this_thread::yield();
  });
  EXPECT_EQ(service_.aborted, 1);
}

TEST_F(ConnectStreamTest, AnUnreadStreamStopsItsHandler) {
  Serve([this] {
    TestClient client(port());
    client.Send(
        GetRequest("/test.v1.Echo/List?message=%7B%22domain%22:%22all%22,"
                   "%22reason%22:%22pad%22%7D",
                   "Accept: text/event-stream\r\n"));
    client.ReadUntil("\"1\"");
    // Until the buffers between are full the count grows; then it stands.
    int before = -1;
    while (before != service_.sent) {
      before = service_.sent;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::promise<size_t> connections;
    loop_.Post([&] { connections.set_value(server_->connections()); });
    EXPECT_EQ(connections.get_future().get(), 1u);
    // It goes on once the client reads.
    client.ReadUntil(StrCat("\"", before + 10, "\""));
    EXPECT_GT(service_.sent, before);
  });
}

TEST_F(ServerFixture, AQuietEventStreamIsPinged) {
  Pipe<std::string> quiet = MakePipe<std::string>();
  router_.Get("/quiet", [&](Request) {
    return Promise<Response>::Resolve(
        SseResponse(std::move(quiet.stream), absl::Milliseconds(5)));
  });
  Serve([&] {
    TestClient client(port());
    client.Send(GetRequest("/quiet"));
    client.ReadUntil(": ping\n\n");
    loop_.Post([&] { (void)quiet.writer.Write("data: x\n\n"); });
    client.ReadUntil("data: x\n\n");
    client.ReadUntil(": ping\n\n");
  });
  EXPECT_TRUE(quiet.writer.cancelled().aborted());
}

TEST(EnvelopeTest, TakesWhatItWrote) {
  const std::string body =
      Envelope(0, "a") + Envelope(1, "") + Envelope(0, std::string(70000, 'x'));
  std::string_view rest = body;
  EXPECT_THAT(*TakeEnvelope(&rest, 1), FieldsAre(false, "a"));
  EXPECT_THAT(*TakeEnvelope(&rest, 2), FieldsAre(true, ""));
  EXPECT_THAT(*TakeEnvelope(&rest, 3),
              FieldsAre(false, std::string(70000, 'x')));
  EXPECT_TRUE(rest.empty());
}

TEST(SseTest, FormatsEvents) {
  SseEvent event;
  event.data = "one\ntwo\r\nthree\rfour";
  EXPECT_EQ(FormatSse(event),
            "data: one\ndata: two\ndata: three\ndata: four\n\n");
  event.event = "a\nb";
  event.id = "7";
  event.retry = absl::Seconds(2);
  event.data = "";
  EXPECT_EQ(FormatSse(event), "event: ab\nid: 7\nretry: 2000\ndata: \n\n");
}

// All messages of a body are there at once, and a body may hold a million: the
// loop has others to serve between them.
TEST(DecodeEnvelopes, LetsTheLoopGoOnBetweenMessages) {
  constexpr size_t kMessages = 1000;
  const MethodInfo& gather = EchoInfo().methods[3];
  std::string body;
  for (size_t i = 0; i < kMessages; ++i) body += Envelope(0, "{}");
  EventLoop loop;
  size_t read = 0;
  std::vector<size_t> read_by_turn;
  std::function<void()> next_turn = [&] {
    read_by_turn.push_back(read);
    if (read < kMessages) loop.SetImmediate([&] { next_turn(); });
  };
  loop.Dispatch([&] {
    auto messages =
        DecodeEnvelopes(gather, Codec::kJson, Coding::kIdentity, 1 << 10, body);
    std::move(*messages).ForEach([&](const MessagePtr&) { ++read; }).Detach();
    next_turn();
  });
  loop.Run();
  EXPECT_EQ(read, kMessages);
  for (size_t i = 1; i < read_by_turn.size(); ++i) {
    EXPECT_LE(read_by_turn[i] - read_by_turn[i - 1], 100u);
  }
}

}  // namespace
}  // namespace millrace::http
