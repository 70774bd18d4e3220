#include "http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "http/router_ask.h"

namespace millrace::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers at once with its name and what the pattern matched.
Handler Named(std::string name) {
  return [name](Request request) {
    std::string text = name;
    for (const auto& [key, value] : request.params) {
      StrAppend(&text, " ", key, "=", value);
    }
    return Promise<Response>::Resolve(Response::Text(200, std::move(text)));
  };
}

TEST(RouterTest, MatchesLiteralsNamesAndRests) {
  Router router;
  router.Get("/", Named("root"));
  router.Get("/users", Named("list"));
  router.Get("/users/:id", Named("one"));
  router.Get("/users/:id/posts/:post", Named("post"));
  router.Get("/users/me", Named("me"));
  router.Get("/files/*path", Named("file"));
  EXPECT_EQ(Body(router, "/"), "root");
  EXPECT_EQ(Body(router, "/users"), "list");
  EXPECT_EQ(Body(router, "/users/7"), "one id=7");
  EXPECT_EQ(Body(router, "/users/me"), "me");
  EXPECT_EQ(Body(router, "/users/me/posts/9"), "post id=me post=9");
  EXPECT_EQ(Body(router, "/files/a/b.txt"), "file path=a/b.txt");
  EXPECT_EQ(Body(router, "/files/"), "file path=");
  EXPECT_EQ(Ask(router, "GET", "/users/").status, 404);
  EXPECT_EQ(Ask(router, "GET", "/users/7/posts").status, 404);
  EXPECT_EQ(Ask(router, "GET", "/files").status, 404);
}

TEST(RouterTest, GoesBackWhenWhatWonLeadsNowhere) {
  Router router;
  router.Get("/a/b/c", Named("literal"));
  router.Get("/a/:x/d", Named("name"));
  router.Get("/*rest", Named("rest"));
  router.Post("/a/b/e", Named("post"));
  EXPECT_EQ(Body(router, "/a/b/c"), "literal");
  EXPECT_EQ(Body(router, "/a/b/d"), "name x=b");
  EXPECT_EQ(Body(router, "/a/b/x"), "rest rest=a/b/x");
  // Another method of a better match does not hide a worse match.
  EXPECT_EQ(Body(router, "/a/b/e"), "rest rest=a/b/e");
}

TEST(RouterTest, DecodesSegmentsAfterSplitting) {
  Router router;
  router.Get("/caf\xc3\xa9/:name", Named("cafe"));
  EXPECT_EQ(Body(router, "/caf%C3%A9/a%2Fb%20c"), "cafe name=a/b c");
}

TEST(RouterTest, UnknownPathIs404WithAJsonBody) {
  Router router;
  const Response response = Ask(router, "GET", "/nowhere");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.Get("content-type"), "application/json");
  EXPECT_EQ(std::get<std::string>(response.body),
            "{\"code\":\"not_found\",\"message\":\"there is nothing at "
            "/nowhere\"}");
  router.NotFound(Named("custom"));
  EXPECT_EQ(Body(router, "/nowhere"), "custom");
}

TEST(RouterTest, WrongMethodIs405WithAllow) {
  Router router;
  router.Get("/x", Named("get"));
  router.Put("/x", Named("put"));
  router.Delete("/:any", Named("delete"));
  const Response response = Ask(router, "POST", "/x");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.Get("allow"), "DELETE, GET, HEAD, OPTIONS, PUT");
  EXPECT_THAT(std::get<std::string>(response.body),
              HasSubstr("POST is not allowed at /x"));
  EXPECT_EQ(Body(router, "/x", "DELETE"), "delete any=x");
}

TEST(RouterTest, GetAnswersHeadAndOptionsAreListed) {
  Router router;
  router.Get("/x", Named("get"));
  EXPECT_EQ(Body(router, "/x", "HEAD"), "get");
  const Response options = Ask(router, "OPTIONS", "/x");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.Get("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(Ask(router, "OPTIONS", "*").status, 204);
  EXPECT_EQ(Ask(router, "GET", "*").status, 404);
  router.Handle("OPTIONS", "/x", Named("own"));
  EXPECT_EQ(Body(router, "/x", "OPTIONS"), "own");
}

Promise<Response> Tagged(std::string tag, Promise<Response> inner) {
  Response response = co_await std::move(inner);
  const std::string via(response.headers.Get("Via"));
  response.headers.Set("Via", StrCat(tag, via));
  co_return response;
}

TEST(RouterTest, MiddlewareWrapsEverythingFirstOutermost) {
  Router router;
  const auto tag = [](std::string name) {
    return [name](Handler next) -> Handler {
      return [name, next](Request request) {
        return Tagged(name, next(std::move(request)));
      };
    };
  };
  router.Use(tag("a"));
  router.Get("/x", Named("x"));
  router.Use(tag("b"));
  EXPECT_EQ(Ask(router, "GET", "/x").headers.Get("Via"), "ab");
  EXPECT_EQ(Ask(router, "GET", "/none").headers.Get("Via"), "ab");
}

absl::Status Mistake(std::string_view pattern) {
  Router router;
  router.Get("/taken/:id", Named("x"));
  try {
    router.Get(pattern, Named("y"));
  } catch (const StatusError& error) {
    return error.status();
  }
  return absl::OkStatus();
}

TEST(RouterTest, RefusesMistakesInTheWiring) {
  EXPECT_EQ(Mistake("no-slash").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mistake("/a/*rest/b").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mistake("/a/:").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mistake("/:a/:a").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mistake("/taken/:other"),
            absl::AlreadyExistsError("the route GET /taken/:other is taken by "
                                     "GET /taken/:id"));
  EXPECT_TRUE(Mistake("/taken/:id/more").ok());
}

TEST(RouterTest, ListsItsRoutes) {
  Router router;
  router.Post("/b/*rest", Named("x"));
  router.Get("/a/:id", Named("x"));
  EXPECT_THAT(router.Routes(), ElementsAre("GET /a/:id", "POST /b/*rest"));
}

}  // namespace
}  // namespace millrace::http
