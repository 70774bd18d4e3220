// Asks a router, without a server. For tests.
#ifndef MILLRACE_HTTP_ROUTER_ASK_H_
#define MILLRACE_HTTP_ROUTER_ASK_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "http/router.h"
#include "loop/event_loop.h"

namespace millrace::http {

inline Promise<void> Take(Promise<Response> promise,
                          std::optional<Response>* out) {
  *out = co_await std::move(promise);
}

inline Response Ask(const Router& router, std::string method,
                    std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  EventLoop loop;
  std::optional<Response> response;
  const Promise<void> taken = Take(router.Route(std::move(request)), &response);
  loop.Run();
  EXPECT_TRUE(response.has_value());
  return *std::move(response);
}

inline std::string Body(const Router& router, std::string path,
                        std::string method = "GET") {
  return std::get<std::string>(
      Ask(router, std::move(method), std::move(path)).body);
}

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_ROUTER_ASK_H_
