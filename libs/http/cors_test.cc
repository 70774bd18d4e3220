#include "http/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "http/server_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;

TEST(CorsOptionsTest, AnOriginIsWhatBrowsersWrite) {
  CorsOptions options;
  for (const char* good :
       {"*", "https://app.example.org", "http://localhost:5173",
        "http://127.0.0.1", "https://[::1]:3000", "https://*.example.org",
        "https://*.example.org:8443"}) {
    options.origins = {good};
    EXPECT_TRUE(options.Validate().ok()) << good;
  }
  for (const char* bad :
       {"", "app.example.org", "https://app.example.org/", "null",
        "https://App.example.org", "https://app.example.org:443",
        "http://app.example.org:80", "https://app.example.org:0",
        "https://app.example.org:08443", "https://app.example.org:x",
        "ftp://app.example.org", "https://", "https://*", "https://*.",
        "https://a.*.example.org", "https://user@app.example.org",
        "https://app example.org", "https://[::1", "**"}) {
    options.origins = {"https://good.example.org", bad};
    const absl::Status status = options.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(status.ToString(), HasSubstr(StrCat("'", bad, "'")));
  }
}

class CorsTest : public ServerFixture {
 protected:
  CorsTest() {
    options_.cors.origins = {"https://app.example.org",
                             "https://*.example.net"};
    router_.Get("/thing", [](Request) {
      Response response = Response::Json(200, "{}");
      response.headers.Add("X-Told", "1");
      response.headers.Add("x-told", "2");
      response.headers.Add("trailer-cost", "3");
      return Promise<Response>::Resolve(std::move(response));
    });
    router_.Post("/thing", [](Request) -> Promise<Response> {
      return Promise<Response>::Reject(absl::NotFoundError("no such thing"));
    });
  }

  TestResponse From(std::string_view origin) {
    return Ask(GetRequest("/thing", StrCat("Origin: ", origin, "\r\n")));
  }

  TestResponse Preflight(std::string_view path, std::string_view fields) {
    return Ask(
        StrCat("OPTIONS ", path, " HTTP/1.1\r\nHost: x\r\n", fields, "\r\n"));
  }

  static bool SaysNothing(const TestResponse& response) {
    for (const Headers::Field& field : response.headers) {
      if (field.name.starts_with("Access-Control-")) return false;
    }
    return true;
  }
};

TEST_F(CorsTest, APageOfAnAllowedOriginReadsTheWholeAnswer) {
  Serve([this] {
    const TestResponse response = From("https://app.example.org");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.Get("Access-Control-Allow-Origin"),
              "https://app.example.org");
    EXPECT_EQ(response.headers.Get("Access-Control-Expose-Headers"),
              "X-Told, trailer-cost");
    EXPECT_FALSE(response.headers.Has("Access-Control-Allow-Credentials"));
    EXPECT_EQ(response.headers.GetJoined("Vary"), "Origin");
  });
}

TEST_F(CorsTest, OthersAreToldNothing) {
  Serve([this] {
    for (const char* origin :
         {"https://example.org", "https://app.example.org.evil.com",
          "http://app.example.org", "https://app.example.org:8443", "null",
          "https://example.net", "https://evilexample.net",
          "https://evil.com/.example.net", "https://evil.com#.example.net",
          "https://a.example.net.", "https://.example.net", "HTTPS://A"}) {
      const TestResponse response = From(origin);
      EXPECT_EQ(response.status, 200);
      EXPECT_TRUE(SaysNothing(response)) << origin;
      // What a cache keeps for one is not for another.
      EXPECT_EQ(response.headers.GetJoined("Vary"), "Origin") << origin;
    }
    const TestResponse without = Ask(GetRequest("/thing"));
    EXPECT_TRUE(SaysNothing(without));
    EXPECT_EQ(without.headers.GetJoined("Vary"), "Origin");
  });
}

TEST_F(CorsTest, AStarIsForHostsBelow) {
  Serve([this] {
    for (const char* origin :
         {"https://a.example.net", "https://a-1.b.example.net"}) {
      EXPECT_EQ(From(origin).headers.Get("Access-Control-Allow-Origin"),
                origin);
    }
  });
}

TEST_F(CorsTest, APreflightIsToldWhatThereIs) {
  Serve([this] {
    const TestResponse response = Preflight(
        "/thing",
        "Origin: https://app.example.org\r\n"
        "Access-Control-Request-Method: POST\r\n"
        "Access-Control-Request-Headers: content-type,authorization\r\n");
    EXPECT_EQ(response.status, 204);
    const Headers& headers = response.headers;
    EXPECT_EQ(headers.Get("Access-Control-Allow-Origin"),
              "https://app.example.org");
    EXPECT_EQ(headers.Get("Access-Control-Allow-Methods"),
              "GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(headers.Get("Access-Control-Allow-Headers"),
              "content-type,authorization");
    EXPECT_EQ(headers.Get("Access-Control-Max-Age"), "7200");
    EXPECT_EQ(headers.GetJoined("Vary"),
              "Origin, Access-Control-Request-Method, "
              "Access-Control-Request-Headers");
    // A browser takes nothing but a 2xx for leave.
    EXPECT_EQ(Preflight("/nothing",
                        "Origin: https://app.example.org\r\n"
                        "Access-Control-Request-Method: POST\r\n")
                  .status,
              404);
    const TestResponse other = Preflight("/thing",
                                         "Origin: https://evil.com\r\n"
                                         "Access-Control-Request-Method: "
                                         "POST\r\n");
    EXPECT_EQ(other.status, 204);
    EXPECT_TRUE(SaysNothing(other));
  });
}

TEST_F(CorsTest, ErrorsCanBeReadToo) {
  options_.limits.max_body_bytes = 8;
  Serve([this] {
    constexpr char kOrigin[] = "Origin: https://app.example.org\r\n";
    const TestResponse rejected =
        Ask(PostRequest("/thing", "application/json", "{}", kOrigin));
    EXPECT_EQ(rejected.status, 404);
    const TestResponse target = Ask(GetRequest("/a/../b", kOrigin));
    EXPECT_EQ(target.status, 400);
    const TestResponse large = Ask(
        PostRequest("/thing", "application/json", "[1,2,3,4,5,6]", kOrigin));
    EXPECT_EQ(large.status, 413);
    for (const TestResponse& response : {rejected, target, large}) {
      EXPECT_EQ(response.headers.Get("Access-Control-Allow-Origin"),
                "https://app.example.org");
    }
  });
}

TEST_F(CorsTest, AllIsAll) {
  options_.cors.origins = {"*"};
  Serve([this] {
    for (const char* origin : {"https://anywhere.example", "null"}) {
      const TestResponse response = From(origin);
      EXPECT_EQ(response.headers.Get("Access-Control-Allow-Origin"), "*");
      EXPECT_FALSE(response.headers.Has("Vary"));
    }
    EXPECT_TRUE(SaysNothing(Ask(GetRequest("/thing"))));
  });
}

TEST_F(CorsTest, NoneIsNone) {
  options_.cors.origins.clear();
  Serve([this] {
    const TestResponse response = From("https://app.example.org");
    EXPECT_TRUE(SaysNothing(response));
    EXPECT_FALSE(response.headers.Has("Vary"));
  });
}

}  // namespace
}  // namespace millrace::http
