// Streams with a Content-Length that their handler set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class StreamLengthTest : public ServerFixture {
 protected:
  // Answers GET /x with these pieces.
  void Answer(std::string length, std::vector<std::string> pieces) {
    router_.Get("/x", [length, pieces](Request) {
      Response response =
          Response::Streamed("text/plain", Stream<std::string>::Of(pieces));
      response.headers.Set("Content-Length", length);
      return Promise<Response>::Resolve(std::move(response));
    });
  }
};

TEST_F(StreamLengthTest, IsSentAsItIs) {
  Answer("7", {"one", "", "two", "3"});
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/x") + "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n" +
                GetRequest("/x"));
    const TestResponse got = client.Read();
    EXPECT_EQ(got.body, "onetwo3");
    EXPECT_EQ(got.headers.Get("Content-Length"), "7");
    EXPECT_FALSE(got.headers.Has("Transfer-Encoding"));
    EXPECT_EQ(client.Read(true).headers.Get("Content-Length"), "7");
    EXPECT_EQ(client.Read().body, "onetwo3");
    client.Send("GET /x HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.Read().headers.Get("Content-Length"), "7");
  });
}

TEST_F(StreamLengthTest, TooFewBytesCutTheConnection) {
  Answer("8", {"one", "two"});
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/x"));
    EXPECT_EQ(client.Read().body, "onetwo");
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(StreamLengthTest, TooManyAreNotSent) {
  Answer("5", {"one", "two", "HTTP/1.1 200 OK"});
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/x") + GetRequest("/x"));
    const TestResponse got = client.Read();
    EXPECT_EQ(got.headers.Get("Content-Length"), "5");
    EXPECT_EQ(got.body, "one");
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(StreamLengthTest, OneThatIsNoNumberIs500) {
  Answer("5, 5", {"12345"});
  Serve([this] {
    const TestResponse got = Ask(GetRequest("/x"));
    EXPECT_EQ(got.status, 500);
    EXPECT_THAT(got.body, HasSubstr("Content-Length that is no number"));
  });
}

}  // namespace
}  // namespace millrace::http
