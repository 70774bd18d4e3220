#include "http/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "base/strings.h"
#include "contract/retry.h"
#include "http/connect_fixture.h"
#include "http/status_mapping.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProto = "application/proto";

class ConnectTest : public ConnectFixture {
 protected:
  TestResponse Post(std::string_view method, std::string_view body,
                    std::string_view type = kJson,
                    std::string_view fields = "") {
    return Ask(
        PostRequest(StrCat("/test.v1.Echo/", method), type, body, fields));
  }
  TestResponse Get(std::string_view method, std::string_view query,
                   std::string_view fields = "") {
    return Ask(
        GetRequest(StrCat("/test.v1.Echo/", method, "?", query), fields));
  }
};

TEST_F(ConnectTest, AnswersJson) {
  Serve([this] {
    const TestResponse got = Post("Put", R"({"reason":"a","domain":"b"})");
    EXPECT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.headers.Get("Content-Type"), kJson);
    EXPECT_EQ(got.body, R"({"reason":"a","domain":"b"})");
    EXPECT_EQ(Post("Put", "{}", "Application/JSON; charset=utf-8").body, "{}");
  });
}

TEST_F(ConnectTest, AnswersProto) {
  Info info;
  info.set_reason("a");
  const std::string bytes = info.SerializeAsString();
  Serve([&] {
    const TestResponse got = Post("Put", bytes, kProto);
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.headers.Get("Content-Type"), kProto);
    EXPECT_EQ(got.body, bytes);
    // Errors are JSON all the same.
    const TestResponse bad = Post("Put", "\xff\xff", kProto);
    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.headers.Get("Content-Type"), kJson);
  });
}

TEST_F(ConnectTest, ErrorsHaveConnectsFormWithDetails) {
  Serve([this] {
    const TestResponse got = Post("Put", R"({"reason":"fail"})");
    EXPECT_EQ(got.status, 404);
    EXPECT_EQ(got.headers.Get("Content-Type"), kJson);
    EXPECT_EQ(got.body,
              R"({"code":"not_found","message":"no such \"thing\"",)"
              R"("details":[{"type":"google.rpc.BadRequest",)"
              R"("value":"CggKBnJlYXNvbg",)"
              R"("debug":{"fieldViolations":[{"field":"reason"}]}}]})");
  });
}

TEST_F(ConnectTest, AdviceToComeBackIsAHeaderToo) {
  const Response response = ErrorResponse(RetryAfter(
      absl::ResourceExhaustedError("too many"), absl::Milliseconds(1500)));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.Get("Retry-After"), "2");
  EXPECT_NE(std::get<std::string>(response.body)
                .find(R"("debug":{"retryDelay":"1.500s"})"),
            std::string::npos);
  EXPECT_FALSE(ErrorResponse(absl::ResourceExhaustedError("too many"))
                   .headers.Has("Retry-After"));
}

TEST_F(ConnectTest, BrokenRulesAreListed) {
  Serve([this] {
    const TestResponse got = Post("Put", R"({"reason":"12345678901"})");
    EXPECT_EQ(got.status, 400);
    EXPECT_THAT(got.body,
                StartsWith(R"({"code":"invalid_argument","message":)"
                           R"("reason: must have at most 10 characters")"));
  });
}

TEST_F(ConnectTest, MalformedJsonIsToldItsPlace) {
  Serve([this] {
    const TestResponse got = Post("Put", "{\n  \"reason\": 'a'}");
    EXPECT_EQ(got.status, 400);
    EXPECT_THAT(got.body, HasSubstr("\"code\":\"invalid_argument\""));
    EXPECT_THAT(got.body, HasSubstr("line 2, column 13"));
    EXPECT_EQ(Post("Put", "").status, 400);
    EXPECT_THAT(Post("Put", R"({"reson":"a"})").body,
                HasSubstr("did you mean 'reason'"));
    EXPECT_EQ(Post("Put", R"({"reason":"a","reason":"b"})").status, 400);
  });
}

TEST_F(ConnectTest, OtherContentTypesAre415) {
  Serve([this] {
    for (const std::string_view type :
         {"text/plain", "application/grpc", "application/jsonx", ""}) {
      const TestResponse got = Post("Put", "{}", type);
      EXPECT_EQ(got.status, 415) << type;
      EXPECT_THAT(got.body, StartsWith(R"({"code":"unknown",)"));
      EXPECT_EQ(got.headers.Get("Accept-Post"),
                "application/json, application/proto");
    }
    EXPECT_EQ(Post("List", "{}").status, 415);
    EXPECT_EQ(Post("Put", "{}", "application/connect+json").status, 415);
  });
}

TEST_F(ConnectTest, UnknownMethodsAreUnimplementedUnder404) {
  Serve([this] {
    const TestResponse method = Post("Pot", "{}");
    EXPECT_EQ(method.status, 404);
    EXPECT_EQ(
        method.body,
        R"({"code":"unimplemented","message":"test.v1.Echo has no method )"
        R"(Pot; did you mean 'Put'?"})");
    const TestResponse service =
        Ask(PostRequest("/test.v1.Ecko/Get", kJson, "{}"));
    EXPECT_EQ(service.status, 404);
    EXPECT_THAT(service.body, HasSubstr("did you mean 'test.v1.Echo'"));
    EXPECT_THAT(Ask(GetRequest("/elsewhere")).body,
                HasSubstr("\"code\":\"not_found\""));
  });
}

TEST_F(ConnectTest, GetIsForMethodsWithoutSideEffects) {
  Serve([this] {
    EXPECT_EQ(Get("Get",
                  "connect=v1&encoding=json&message=%7B%22reason%22%3A%22a"
                  "%22%7D")
                  .body,
              R"({"reason":"a"})");
    // {"reason":"ab"} in URL-safe base64 without padding.
    EXPECT_EQ(
        Get("Get", "encoding=json&base64=1&message=eyJyZWFzb24iOiJhYiJ9").body,
        R"({"reason":"ab"})");
    const TestResponse proto =
        Get("Get", "encoding=proto&base64=1&message=CgFh");
    EXPECT_EQ(proto.headers.Get("Content-Type"), kProto);
    EXPECT_EQ(proto.body,
              "\n\x01"
              "a");
    EXPECT_EQ(Get("Get", "").body, "{}");

    const TestResponse put = Get("Put", "message={}");
    EXPECT_EQ(put.status, 405);
    EXPECT_EQ(put.headers.Get("Allow"), "OPTIONS, POST");
    EXPECT_THAT(put.body, StartsWith(R"({"code":"unknown",)"));
  });
}

TEST_F(ConnectTest, BadQueriesAreInvalidArguments) {
  Serve([this] {
    for (const std::string_view query :
         {"encoding=xml", "connect=v2", "base64=1&message=*", "message=%zz",
          "message={"}) {
      EXPECT_EQ(Get("Get", query).status, 400) << query;
    }
    EXPECT_EQ(Get("Get", "compression=br").status, 501);
  });
}

TEST_F(ConnectTest, HeadersBecomeTheContextOfTheCall) {
  Serve([this] {
    const absl::Time before = absl::Now();
    Post("Put", "{}", kJson,
         "traceparent: "
         "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
         "Connect-Timeout-Ms: 60000\r\nConnect-Protocol-Version: 1\r\n");
    EXPECT_EQ(service_.trace.trace_id_hex(),
              "0af7651916cd43dd8448eb211c80319c");
    EXPECT_GE(service_.deadline, before + absl::Minutes(1));
    EXPECT_LE(service_.deadline, absl::Now() + absl::Minutes(1));
    Post("Put", "{}");
    EXPECT_EQ(service_.deadline, absl::InfiniteFuture());
  });
}

TEST_F(ConnectTest, BadProtocolHeadersAreRefused) {
  Serve([this] {
    const auto status = [this](std::string_view fields) {
      return Post("Put", "{}", kJson, fields).status;
    };
    EXPECT_EQ(status("Connect-Protocol-Version: 2\r\n"), 400);
    EXPECT_EQ(status("Connect-Timeout-Ms: soon\r\n"), 400);
    EXPECT_EQ(status("Connect-Timeout-Ms: -1\r\n"), 400);
    EXPECT_EQ(status("Connect-Timeout-Ms: 12345678901\r\n"), 400);
    EXPECT_EQ(status("Content-Encoding: br\r\n"), 501);
    EXPECT_EQ(status("Content-Encoding: identity\r\n"), 200);
  });
}

TEST_F(ConnectTest, ALeavingClientAbortsTheCall) {
  Serve([this] {
    {
      TestClient client(port());
      client.Send(
          PostRequest("/test.v1.Echo/Put", kJson, R"({"reason":"hold"})"));
      while (service_.held == 0) std::this_thread::yield();
    }
    while (service_.aborted == 0) std::this_thread::yield();
  });
  EXPECT_EQ(service_.aborted, 1);
}

TEST_F(ConnectTest, ServesUnderAPrefix) {
  Router rpc;
  MountRpc(rpc, dispatcher_);
  router_.Mount("/rpc", rpc);
  Serve([this] {
    const auto post = [this](std::string_view path) {
      return Ask(PostRequest(path, kJson, R"({"reason":"a"})")).body;
    };
    EXPECT_EQ(post("/rpc/test.v1.Echo/Put"), R"({"reason":"a"})");
    EXPECT_THAT(post("/rpc/test.v1.Echo/Putt"),
                HasSubstr("test.v1.Echo has no method Putt"));
    EXPECT_THAT(post("/rpc"), HasSubstr("there is nothing at /rpc"));
  });
}

}  // namespace
}  // namespace millrace::http
