// A server on the test's own thread and clients on another. For tests.
#ifndef MILLRACE_HTTP_SERVER_FIXTURE_H_
#define MILLRACE_HTTP_SERVER_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>

#include "base/logger.h"
#include "base/metrics.h"
#include "http/server.h"
#include "http/test_client.h"
#include "loop/event_loop.h"

namespace millrace::http {

// Resolves after `time`.
inline Promise<void> After(absl::Duration time) {
  Deferred<void> over;
  EventLoop::Current()->SetTimeout(time, [over] { over.Resolve(); });
  return over.promise();
}

class ServerFixture : public testing::Test {
 protected:
  void Start() {
    auto server = Server::Start(loop_, options_, router_, logger_, metrics_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Runs the loop until `client`, on its own thread, has returned and the
  // server has drained.
  void Serve(std::function<void()> client) {
    if (server_ == nullptr) Start();
    std::thread thread([this, client = std::move(client)] {
      client();
      loop_.Post([this] { Drain(absl::Seconds(5)); });
    });
    loop_.Run();
    thread.join();
    EXPECT_TRUE(drained_);
  }

  void Drain(absl::Duration bound) {
    (void)server_->Drain(bound).Then([this] { drained_ = true; });
  }

  // What `request` alone is answered with.
  TestResponse Ask(std::string_view request, bool to_head = false) {
    TestClient client(port());
    client.Send(request);
    return client.Read(to_head);
  }

  int port() const { return server_->port(); }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  ServerOptions options_;
  Router router_;
  std::unique_ptr<Server> server_;
  bool drained_ = false;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SERVER_FIXTURE_H_
