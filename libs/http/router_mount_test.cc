// Routers under a prefix of others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "http/router.h"
#include "http/router_ask.h"

namespace millrace::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers at once with its name, what lies below the prefix, and what the
// pattern matched.
Handler Named(std::string name) {
  return [name](Request request) {
    std::string text = StrCat(name, " ", request.PathBelow());
    for (const auto& [key, value] : request.params) {
      StrAppend(&text, " ", key, "=", value);
    }
    return Promise<Response>::Resolve(Response::Text(200, std::move(text)));
  };
}

// Notes what it sees.
Middleware Seen(std::string name, std::vector<std::string>* seen) {
  return [name, seen](Handler next) -> Handler {
    return [name, seen, next](Request request) {
      seen->push_back(StrCat(name, " ", request.method, " ", request.path));
      return next(std::move(request));
    };
  };
}

template <typename F>
absl::Status Mistake(F wire) {
  try {
    wire();
  } catch (const StatusError& error) {
    return error.status();
  }
  return absl::OkStatus();
}

TEST(RouterMountTest, RoutesSeeThePathBelowThePrefix) {
  Router api;
  Router router;
  api.Get("/", Named("list"));
  api.Get("/:id", Named("one"));
  router.Mount("/api/users", api);
  api.Get("/:id/posts/:post", Named("post"));  // also after the mount
  EXPECT_EQ(Body(router, "/api/users"), "list ");
  EXPECT_EQ(Body(router, "/api/users/"), "list /");
  EXPECT_EQ(Body(router, "/api/users/7"), "one /7 id=7");
  EXPECT_EQ(Body(router, "/api/users/7/posts/a%2Fb"),
            "post /7/posts/a%2Fb id=7 post=a/b");
  EXPECT_EQ(Ask(router, "GET", "/api").status, 404);
  EXPECT_EQ(Ask(router, "GET", "/api/usersx").status, 404);
  EXPECT_EQ(Ask(router, "GET", "/7").status, 404);
  // Served by itself it has no prefix.
  EXPECT_EQ(Body(api, "/7"), "one /7 id=7");
}

TEST(RouterMountTest, APrefixMayHaveNames) {
  Router posts;
  Router router;
  posts.Get("/:post", Named("post"));
  router.Mount("/users/:user/posts", posts);
  EXPECT_EQ(Body(router, "/users/a%20b/posts/9"), "post /9 user=a b post=9");
  EXPECT_EQ(Mistake([&] { posts.Get("/x/:user", Named("x")); }),
            absl::InvalidArgumentError(
                "the route \"/users/:user/posts/x/:user\" is malformed: it has "
                "a name twice"));
}

TEST(RouterMountTest, ARestTakesThePrefixItselfUnlessAnotherRouteDoes) {
  Router files;
  Router router;
  files.Get("/*path", Named("file"));
  router.Mount("/assets", files);
  EXPECT_EQ(Body(router, "/assets/a/b"), "file /a/b path=a/b");
  EXPECT_EQ(Body(router, "/assets/"), "file / path=");
  EXPECT_EQ(Body(router, "/assets"), "file  path=");
  router.Get("/assets", Named("own"));
  EXPECT_EQ(Body(router, "/assets"), "own /assets");
  EXPECT_EQ(Mistake([&] { files.Get("/", Named("index")); }).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST(RouterMountTest, MountsAtTheRootAndInEachOther) {
  Router inner;
  Router middle;
  Router pages;
  Router router;
  inner.Get("/x", Named("inner"));
  inner.Get("/", Named("inner"));
  router.Mount("/a", middle);
  middle.Mount("/b", inner);
  middle.Get("/x", Named("middle"));
  router.Mount("/", pages);
  pages.Get("/*path", Named("page"));
  pages.Get("/", Named("home"));
  router.Get("/healthz", Named("health"));
  EXPECT_EQ(Body(router, "/a/b/x"), "inner /x");
  EXPECT_EQ(Body(router, "/a/b"), "inner ");
  EXPECT_EQ(Body(router, "/a/x"), "middle /x");
  EXPECT_EQ(Body(router, "/healthz"), "health /healthz");
  EXPECT_EQ(Body(router, "/"), "home /");
  // As in one table: matching goes back when what won leads nowhere.
  EXPECT_EQ(Body(router, "/a/y"), "page /a/y path=a/y");
}

TEST(RouterMountTest, MoreLiteralRoutesWinOnEitherSide) {
  Router child;
  Router router;
  child.Get("/me", Named("child"));
  child.Get("/:id", Named("child"));
  router.Mount("/users", child);
  router.Get("/users/you", Named("own"));
  router.Get("/:any/:thing", Named("any"));
  EXPECT_EQ(Body(router, "/users/me"), "child /me");
  EXPECT_EQ(Body(router, "/users/you"), "own /users/you");
  EXPECT_EQ(Body(router, "/users/7"), "child /7 id=7");
  EXPECT_EQ(Body(router, "/others/7"), "any /others/7 any=others thing=7");
}

TEST(RouterMountTest, MethodsAreListedAcrossTheBorder) {
  Router child;
  Router router;
  child.Get("/x", Named("get"));
  router.Mount("/api", child);
  router.Put("/api/x", Named("put"));
  router.Delete("/:any/x", Named("delete"));
  const Response refused = Ask(router, "POST", "/api/x");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.Get("Allow"), "DELETE, GET, HEAD, OPTIONS, PUT");
  EXPECT_THAT(std::get<std::string>(refused.body),
              HasSubstr("POST is not allowed at /api/x"));
  const Response options = Ask(router, "OPTIONS", "/api/x");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.Get("Allow"), "DELETE, GET, HEAD, OPTIONS, PUT");
  EXPECT_EQ(Body(router, "/api/x", "HEAD"), "get /x");
  EXPECT_EQ(Body(router, "/api/x", "PUT"), "put /api/x");
  EXPECT_EQ(Body(router, "/api/x", "DELETE"), "delete /api/x any=api");
  EXPECT_EQ(Ask(router, "OPTIONS", "*").status, 204);
}

TEST(RouterMountTest, UnknownPathsAreTheInnermostRouters) {
  Router inner;
  Router middle;
  Router router;
  std::vector<std::string> seen;
  router.Use(Seen("outer", &seen));
  middle.Use(Seen("middle", &seen));
  router.Mount("/a/:n", middle);
  middle.Mount("/b", inner);
  inner.Use(Seen("inner", &seen));
  const Response plain = Ask(router, "GET", "/a/1/b/none");
  EXPECT_EQ(plain.status, 404);
  EXPECT_THAT(std::get<std::string>(plain.body),
              HasSubstr("there is nothing at /a/1/b/none"));
  EXPECT_THAT(seen,
              ElementsAre("outer GET /a/1/b/none", "middle GET /a/1/b/none",
                          "inner GET /a/1/b/none"));
  router.NotFound(Named("outer"));
  EXPECT_EQ(Body(router, "/a/1/b/none"), "outer /a/1/b/none n=1");
  middle.NotFound(Named("middle"));
  EXPECT_EQ(Body(router, "/a/1/b/none"), "middle /b/none n=1");
  EXPECT_EQ(Body(router, "/b"), "outer /b");
}

TEST(RouterMountTest, MiddlewareOfTheChildIsInsideAndForItsRoutesOnly) {
  Router child;
  Router router;
  std::vector<std::string> seen;
  child.Use(Seen("child", &seen));
  child.Get("/x", Named("x"));
  router.Mount("/api", child);
  router.Get("/api/own", Named("own"));
  router.Use(Seen("outer", &seen));
  Body(router, "/api/own");
  Body(router, "/api/x");
  // Preflight requests reach it too.
  Ask(router, "OPTIONS", "/api/x");
  EXPECT_THAT(seen, ElementsAre("outer GET /api/own", "outer GET /api/x",
                                "child GET /api/x", "outer OPTIONS /api/x",
                                "child OPTIONS /api/x"));
}

TEST(RouterMountTest, ListsRoutesWithThePrefix) {
  Router inner;
  Router child;
  Router router;
  inner.Post("/*rest", Named("x"));
  child.Get("/", Named("x"));
  child.Get("/:id", Named("x"));
  child.Mount("/deep", inner);
  router.Mount("/api", child);
  router.Get("/", Named("x"));
  EXPECT_THAT(router.Routes(), ElementsAre("GET /", "GET /api", "GET /api/:id",
                                           "POST /api/deep/*rest"));
  EXPECT_THAT(child.Routes(),
              ElementsAre("GET /", "GET /:id", "POST /deep/*rest"));
}

TEST(RouterMountTest, RefusesRoutesThatAreTaken) {
  Router child;
  Router router;
  router.Get("/api/x", Named("own"));
  router.Get("/api/", Named("own"));
  router.Mount("/api", child);
  EXPECT_EQ(
      Mistake([&] { child.Get("/x", Named("x")); }),
      absl::AlreadyExistsError("the route GET /api/x is taken by GET /api/x"));
  EXPECT_EQ(Mistake([&] { child.Get("/", Named("x")); }).code(),
            absl::StatusCode::kAlreadyExists);
  child.Get("/y/:id", Named("child"));
  EXPECT_EQ(Mistake([&] { router.Get("/api/y/:n", Named("x")); }),
            absl::AlreadyExistsError(
                "the route GET /api/y/:n is taken by GET /api/y/:id"));
  Router late;
  late.Get("/y/:id", Named("late"));
  EXPECT_EQ(Mistake([&] { child.Mount("/", late); }).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST(RouterMountTest, RefusesMountsThatMakeNoSense) {
  Router a;
  Router b;
  Router c;
  const auto mount = [](Router& in, std::string_view prefix, Router& child) {
    return Mistake([&] { in.Mount(prefix, child); });
  };
  for (const std::string_view prefix : {"", "x", "/x/", "/*rest", "/:"}) {
    EXPECT_EQ(mount(a, prefix, b).code(), absl::StatusCode::kInvalidArgument)
        << prefix;
  }
  EXPECT_EQ(mount(a, "/x", a).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(mount(a, "/x", b).ok());
  EXPECT_EQ(mount(b, "/y", a).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(mount(a, "/z", b),
            absl::AlreadyExistsError("the router for /z is mounted at /x "
                                     "already"));
  EXPECT_EQ(
      mount(a, "/x", c),
      absl::AlreadyExistsError("the prefix /x is taken by the router at /x"));
}

}  // namespace
}  // namespace millrace::http
