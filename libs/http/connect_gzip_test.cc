// Compression of the Connect protocol's messages, in both directions.

#include <gmock/gmock.h>

#include <string>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "http/connect_fixture.h"
#include "http/connect_stream.h"
#include "http/envelope.h"
#include "http/gzip.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kStream = "application/connect+json";
constexpr std::string_view kTakesGzip = "Accept-Encoding: br, gzip\r\n";
constexpr std::string_view kIsGzip = "Content-Encoding: gzip\r\n";
constexpr std::string_view kStreamIsGzip = "Connect-Content-Encoding: gzip\r\n";

// A message of some size, as JSON.
std::string Large(size_t size) {
  return StrCat(R"({"reason":"a","domain":")", std::string(size, 'x'), "\"}");
}

class ConnectGzipTest : public ConnectFixture {
 protected:
  ConnectGzipTest() : ConnectFixture({.max_message_bytes = 100'000}) {}

  TestResponse Put(std::string_view body, std::string_view fields) {
    return Ask(PostRequest("/test.v1.Echo/Put", kJson, body, fields));
  }
  TestResponse Gather(std::string_view body, std::string_view fields) {
    return Ask(PostRequest("/test.v1.Echo/Gather", kStream, body, fields));
  }
};

TEST_F(ConnectGzipTest, RequestsMayBeCompressed) {
  Serve([this] {
    EXPECT_EQ(Put(Gzip(Large(5000)), kIsGzip).body, Large(5000));
    EXPECT_EQ(Put(Gzip("{"), kIsGzip).status, 400);
    EXPECT_EQ(Put("{}", kIsGzip).status, 400);  // it is not gzip
    const std::string query =
        StrCat("compression=gzip&base64=1&message=",
               absl::WebSafeBase64Escape(Gzip(R"({"reason":"z"})")));
    EXPECT_EQ(Ask(GetRequest(StrCat("/test.v1.Echo/Get?", query))).body,
              R"({"reason":"z"})");
  });
}

TEST_F(ConnectGzipTest, AnEmptyMessageIsLeftAsItIs) {
  Serve([this] {
    const TestResponse got =
        Ask(PostRequest("/test.v1.Echo/Put", "application/proto", "", kIsGzip));
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "");
  });
}

TEST_F(ConnectGzipTest, AnswersAreCompressedForWhoTakesIt) {
  Serve([this] {
    const TestResponse got = Put(Large(5000), kTakesGzip);
    EXPECT_EQ(got.headers.Get("Content-Encoding"), "gzip");
    EXPECT_LT(got.body.size(), 500u);
    EXPECT_EQ(Gunzip(got.body, 10'000).value_or(""), Large(5000));
    EXPECT_EQ(Put(Large(5000), "").body, Large(5000));
    // Not worth it.
    EXPECT_FALSE(Put(Large(50), kTakesGzip).headers.Has("Content-Encoding"));
    const TestResponse error = Put("{", kTakesGzip);
    EXPECT_EQ(error.status, 400);
    EXPECT_FALSE(error.headers.Has("Content-Encoding"));
  });
}

TEST_F(ConnectGzipTest, CachesAreToldThatAnswersDiffer) {
  Serve([this] {
    EXPECT_EQ(
        Ask(GetRequest("/test.v1.Echo/Get?message={}")).headers.Get("Vary"),
        "Accept-Encoding");
  });
}

TEST_F(ConnectGzipTest, ALimitCountsWhatComesOut) {
  Serve([this] {
    EXPECT_EQ(Put(Gzip(Large(90'000)), kIsGzip).status, 200);
    const TestResponse expanded = Put(Gzip(Large(100'000)), kIsGzip);
    EXPECT_EQ(expanded.status, 429);
    EXPECT_THAT(expanded.body, HasSubstr("resource_exhausted"));
    EXPECT_EQ(Put(Large(100'000), "").status, 429);
  });
}

TEST_F(ConnectGzipTest, MessagesOfStreamsAreCompressedOneByOne) {
  const std::string body =
      Envelope(kEnvelopeCompressed, Gzip(R"({"reason":"a"})")) +
      Envelope(0, R"({"reason":"b"})");
  Serve([&] {
    EXPECT_THAT(Gather(body, kStreamIsGzip).body,
                HasSubstr(R"({"reason":"ab"})"));
    // Which coding the message is in was not said.
    EXPECT_THAT(Gather(body, "").body, HasSubstr(R"("code":"internal")"));
    EXPECT_THAT(Gather(body, "Connect-Content-Encoding: br\r\n").body,
                HasSubstr(R"("code":"unimplemented")"));
    EXPECT_THAT(Gather(Gzip(body), kIsGzip).body,
                HasSubstr(R"("code":"unimplemented")"));
  });
}

TEST_F(ConnectGzipTest, OneMessageOfAStreamIsLimitedNotAll) {
  Serve([this] {
    const std::string half = Envelope(0, Large(60'000));
    EXPECT_THAT(Gather(half + half, "").body, HasSubstr(R"("aa")"));
    EXPECT_THAT(Gather(Envelope(0, Large(100'000)), "").body,
                HasSubstr("resource_exhausted"));
    EXPECT_THAT(Gather(Envelope(1, Gzip(Large(100'000))), kStreamIsGzip).body,
                HasSubstr("resource_exhausted"));
  });
}

TEST_F(ConnectGzipTest, AnswersOfStreamsAreCompressedForWhoTakesIt) {
  Serve([this] {
    const std::string body = Envelope(0, R"({"reason":"pad","domain":"1"})");
    const TestResponse got =
        Ask(PostRequest("/test.v1.Echo/List", kStream, body,
                        "Connect-Accept-Encoding: gzip\r\n"));
    EXPECT_EQ(got.headers.Get("Connect-Content-Encoding"), "gzip");
    std::string_view rest = got.body;
    const auto frame = TakeEnvelope(&rest, 1);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_TRUE(frame->compressed);
    EXPECT_THAT(Gunzip(frame->message, 10'000).value_or(""),
                HasSubstr(std::string(4000, 'x')));
    EXPECT_EQ(rest, Envelope(kEnvelopeEnd, "{}"));
  });
}

// Ten messages that need ten times the limit, one after the other.
TEST_F(ConnectGzipTest, MessagesAreExpandedWhenTheyAreWanted) {
  router_.Post("/frames", [&](Request request) {
    auto requests = DecodeEnvelopes(EchoInfo().methods[3], Codec::kJson,
                                    Coding::kGzip, 70'000, request.body);
    EXPECT_TRUE(requests.ok()) << requests.status();
    return std::move(*requests).Take(9).Drain().Then(
        [] { return Response::Text(200, "nine"); });
  });
  Serve([this] {
    std::string body;
    for (int i = 0; i < 9; ++i) body += Envelope(1, Gzip(Large(60'000)));
    // Nobody wants the last, so that nobody is told that it is too large.
    body += Envelope(1, Gzip(Large(100'000)));
    EXPECT_EQ(Ask(PostRequest("/frames", kStream, body)).body, "nine");
  });
}

}  // namespace
}  // namespace millrace::http
