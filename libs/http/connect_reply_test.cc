// What handlers say beside their answers, and what came beside the request.

#include <gmock/gmock.h>

#include <string>

#include "base/strings.h"
#include "http/connect_fixture.h"
#include "http/envelope.h"

namespace millrace::http {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr std::string_view kStream = "application/connect+json";

class ConnectReplyTest : public ConnectFixture {
 protected:
  TestResponse Put(std::string_view body, std::string_view fields = "") {
    return Ask(
        PostRequest("/test.v1.Echo/Put", "application/json", body, fields));
  }
  static std::string ListRequest(std::string_view json) {
    return PostRequest("/test.v1.Echo/List", kStream, Envelope(0, json));
  }
};

void ExpectHeaders(const TestResponse& got) {
  EXPECT_EQ(got.headers.GetJoined("x-tag"), "one, two");
  EXPECT_EQ(got.headers.Get("x-raw-bin"), "//79");
}

TEST_F(ConnectReplyTest, UnaryHasFieldsAndPrefixedTrailers) {
  Serve([this] {
    const TestResponse got = Put(R"({"reason":"say"})");
    EXPECT_EQ(got.status, 200);
    ExpectHeaders(got);
    EXPECT_EQ(got.headers.GetJoined("trailer-x-rows"), "7, 8");
    EXPECT_FALSE(Put("{}").headers.Has("x-tag"));
  });
}

TEST_F(ConnectReplyTest, ErrorsHaveThemToo) {
  Serve([this] {
    const TestResponse got = Put(R"({"reason":"say fail"})");
    EXPECT_EQ(got.status, 404);
    EXPECT_THAT(got.body, HasSubstr("not_found"));
    ExpectHeaders(got);
    EXPECT_EQ(got.headers.GetJoined("trailer-x-rows"), "7, 8");
  });
}

TEST_F(ConnectReplyTest, StreamsHaveTheirTrailersInTheEnd) {
  Serve([this] {
    const TestResponse got =
        Ask(ListRequest(R"({"reason":"say","domain":"1"})"));
    ExpectHeaders(got);
    EXPECT_FALSE(got.headers.Has("trailer-x-rows"));
    EXPECT_EQ(got.body,
              Envelope(0, R"({"reason":"1"})") +
                  Envelope(2, R"({"metadata":{"x-rows":["7","8"]}})"));
  });
}

TEST_F(ConnectReplyTest, StreamsThatFailWithoutAnAnswerHaveThem) {
  Serve([this] {
    const TestResponse got = Ask(ListRequest(R"({"reason":"say fail"})"));
    EXPECT_EQ(got.status, 200);
    ExpectHeaders(got);
    EXPECT_EQ(
        got.body,
        Envelope(2, R"({"error":{"code":"internal","message":"list broke"},)"
                    R"("metadata":{"x-rows":["7","8"]}})"));
  });
}

TEST_F(ConnectReplyTest, HeadersOfAQuietStreamAreSentWhenTheHandlerAsks) {
  Serve([this] {
    TestClient client(port());
    client.Send(ListRequest(R"({"reason":"quiet"})"));
    const std::string head = client.ReadUntil("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("x-tag: one"));
    EXPECT_EQ(service_.held, 1);
  });
}

// Proxies and clients wait for the head.
TEST_F(ConnectReplyTest, AStreamThatSaysNothingHasItsHeadAllTheSame) {
  Serve([this] {
    TestClient client(port());
    client.Send(ListRequest(R"({"reason":"dumb"})"));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("200 OK"));
    EXPECT_EQ(service_.held, 1);
  });
}

TEST_F(ConnectReplyTest, HandlersSeeTheRequestsHeaders) {
  Serve([this] {
    Put("{}",
        "X-Tenant: blue\r\nX-Tenant: green\r\nX-Raw-Bin: //79\r\n"
        "Accept-Encoding: gzip\r\n");
  });
  EXPECT_THAT(service_.metadata, Contains(Pair("x-tenant", "blue")));
  EXPECT_THAT(service_.metadata, Contains(Pair("x-tenant", "green")));
  EXPECT_THAT(service_.metadata, Contains(Pair("x-raw-bin", "\xff\xfe\xfd")));
  EXPECT_THAT(service_.metadata,
              testing::Not(Contains(Pair("accept-encoding", "gzip"))));
}

}  // namespace
}  // namespace millrace::http
