#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/status.h"
#include "base/strings.h"
#include "http/server_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Promise<Response> Echo(Request request) {
  std::string text = StrCat(request.method, " ", request.path, " ",
                            request.query, " ", request.body);
  return Promise<Response>::Resolve(Response::Text(200, std::move(text)));
}

Promise<Response> Later(Request request) {
  co_await After(absl::Milliseconds(20));
  co_return Response::Text(200, StrCat("later ", request.Param("n")));
}

Promise<Response> Refuse(Request) {
  co_await After(absl::Milliseconds(1));
  throw StatusError(absl::PermissionDeniedError("not yours"));
}

Promise<Response> Counted(size_t* open, size_t* most) {
  *most = std::max(*most, ++*open);
  co_await After(absl::Milliseconds(2));
  --*open;
  co_return Response::Text(200, "ok");
}

class ServerTest : public ServerFixture {
 protected:
  ServerTest() {
    for (const std::string_view method : {"GET", "POST", "PUT"}) {
      router_.Handle(method, "/echo", Echo);
    }
    router_.Get("/later/:n", Later);
    router_.Get("/refuse", Refuse);
  }
};

TEST_F(ServerTest, AnswersWithDateLengthAndType) {
  Serve([this] {
    const TestResponse got = Ask(GetRequest("/echo?a=b"));
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "GET /echo a=b ");
    EXPECT_EQ(got.headers.Get("Content-Length"), "14");
    EXPECT_EQ(got.headers.Get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_THAT(std::string(got.headers.Get("Date")), HasSubstr(" GMT"));
    EXPECT_FALSE(got.headers.Has("Connection"));
  });
}

TEST_F(ServerTest, KeepsAConnectionForManyRequests) {
  Serve([this] {
    TestClient client(port());
    for (int i = 0; i < 50; ++i) {
      const std::string body = StrCat("number ", i);
      ASSERT_TRUE(client.Send(PostRequest("/echo", "text/plain", body)));
      EXPECT_EQ(client.Read().body, "POST /echo  " + body);
    }
  });
}

TEST_F(ServerTest, ClosesWhenTheClientAsks) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/echo", "Connection: close\r\n"));
    EXPECT_EQ(client.Read().headers.Get("Connection"), "close");
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(ServerTest, SpeaksHttp10) {
  Serve([this] {
    TestClient client(port());
    client.Send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(client.Read().headers.Get("Connection"), "keep-alive");
    client.Send("GET /echo HTTP/1.0\r\n\r\n");
    EXPECT_THAT(client.ReadUntil("\r\n"), StartsWith("HTTP/1.0 200"));
    client.ReadUntil("GET /echo");
    client.ReadSome();
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  Serve([this] {
    TestClient client(port());
    std::string all;
    for (int i = 0; i < 200; ++i) {
      all +=
          GetRequest(i % 3 == 0 ? StrCat("/later/", i) : StrCat("/echo?", i));
    }
    std::thread sender([&] { client.Send(all); });
    for (int i = 0; i < 200; ++i) {
      EXPECT_EQ(client.Read().body, i % 3 == 0 ? StrCat("later ", i)
                                               : StrCat("GET /echo ", i, " "));
    }
    sender.join();
  });
}

TEST_F(ServerTest, BoundsWhatIsPipelined) {
  options_.max_pipelined = 4;
  size_t open = 0;
  size_t most = 0;
  router_.Get("/counted", [&](Request) { return Counted(&open, &most); });
  Serve([this] {
    TestClient client(port());
    std::string all;
    for (int i = 0; i < 40; ++i) all += GetRequest("/counted");
    client.Send(all);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(client.Read().body, "ok");
  });
  EXPECT_EQ(most, 4u);
}

TEST_F(ServerTest, TakesABodyInAnyPieces) {
  Serve([this] {
    TestClient client(port());
    const std::string request =
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
      for (size_t at = 0; at < request.size(); at += piece) {
        client.Send(std::string_view(request).substr(at, piece));
      }
      EXPECT_EQ(client.Read().body, "POST /echo  hello world");
    }
  });
}

TEST_F(ServerTest, CarriesBigBodiesBothWays) {
  const std::string body(options_.limits.max_body_bytes, 'b');
  Serve([&] {
    TestClient client(port());
    std::thread sender(
        [&] { client.Send(PostRequest("/echo", "text/plain", body)); });
    EXPECT_EQ(client.Read().body, "POST /echo  " + body);
    sender.join();
  });
}

TEST_F(ServerTest, MeetsAnExpectationBeforeTheBody) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/later/1") +
                "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                "Expect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.Read().body, "later 1");
    EXPECT_EQ(client.Read().status, 100);
    client.Send("data");
    EXPECT_EQ(client.Read().body, "PUT /echo  data");
    EXPECT_EQ(
        Ask("PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n").status,
        417);
    // A body that is too large is refused in place of awaited.
    EXPECT_EQ(Ask("PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                  "Content-Length: 999999999\r\n\r\n")
                  .status,
              413);
  });
}

TEST_F(ServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  Serve([this] {
    TestClient client(port());
    client.Send("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n" + GetRequest("/echo"));
    const TestResponse head = client.Read(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.headers.Get("Content-Length"), "12");
    EXPECT_EQ(client.Read().body, "GET /echo  ");
  });
}

TEST_F(ServerTest, RejectionsBecomeJsonErrors) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/refuse"));
    const TestResponse got = client.Read();
    EXPECT_EQ(got.status, 403);
    EXPECT_EQ(got.headers.Get("Content-Type"), "application/json");
    EXPECT_EQ(got.body,
              "{\"code\":\"permission_denied\",\"message\":\"not yours\"}");
    client.Send(GetRequest("/none"));
    EXPECT_EQ(client.Read().status, 404);
  });
}

TEST_F(ServerTest, AThrowingHandlerAndAMalformedResponseAre500) {
  router_.Get("/throw", [](Request) -> Promise<Response> {
    throw std::runtime_error("broken");
  });
  router_.Get("/bad", [](Request) {
    Response response = Response::Text(200, "x");
    response.headers.Add("X", "a\r\nInjected: yes");
    return Promise<Response>::Resolve(std::move(response));
  });
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/throw") + GetRequest("/bad"));
    EXPECT_EQ(client.Read().status, 500);
    const TestResponse bad = client.Read();
    EXPECT_EQ(bad.status, 500);
    EXPECT_FALSE(bad.headers.Has("Injected"));
    EXPECT_THAT(bad.body, HasSubstr("malformed response header: X"));
  });
}

TEST_F(ServerTest, RefusesABadRequestAndEndsTheConnection) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/later/1") +
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                "Transfer-Encoding: chunked\r\n\r\n" +
                GetRequest("/echo?smuggled"));
    EXPECT_EQ(client.Read().body, "later 1");
    const TestResponse refused = client.Read();
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.headers.Get("Connection"), "close");
    EXPECT_THAT(refused.body, HasSubstr("\"code\":\"invalid_argument\""));
    client.Finish();
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(ServerTest, TheClientGetsTheRefusalThoughItKeepsSending) {
  Serve([this] {
    TestClient client(port());
    client.Send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999"
        "\r\n\r\n");
    client.Send(std::string(1 << 20, 'x'));
    const TestResponse got = client.Read();
    EXPECT_EQ(got.status, 413);
    EXPECT_THAT(got.body, HasSubstr("4194304 bytes (max_body_bytes)"));
  });
}

TEST_F(ServerTest, RefusesTargetsThatAreNoPaths) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/a/../echo"));
    EXPECT_EQ(client.Read().status, 400);
    client.Send("CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n");
    EXPECT_EQ(client.Read().status, 501);
    client.Send(GetRequest("http://test/echo"));
    EXPECT_EQ(client.Read().status, 200);
  });
}

TEST_F(ServerTest, NamesATakenPort) {
  Start();
  ServerOptions options;
  options.port = port();
  const auto second = Server::Start(loop_, options, router_, logger_, metrics_);
  EXPECT_EQ(second.status(),
            absl::UnavailableError(
                StrCat("address 127.0.0.1:", port(),
                       " is in use; choose another with --http-port")));
  Serve([] {});
}

TEST_F(ServerTest, RefusesOptionsThatMakeNoSense) {
  options_.max_pipelined = 0;
  const auto server =
      Server::Start(loop_, options_, router_, logger_, metrics_);
  EXPECT_EQ(server.status(), absl::InvalidArgumentError(
                                 "max_pipelined is 0; it must be at least 1"));
}

}  // namespace
}  // namespace millrace::http
