// Servers of several loops on one port.

#include <atomic>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "http/server_fixture.h"
#include "loop/loop_group.h"
#include "loop/loop_ref.h"

namespace millrace::http {
namespace {

// What the second loop has; the first's is the fixture's.
struct SecondLoop {
  NullLogger logger;
  NullMetrics metrics;
  Router router;
  std::unique_ptr<Server> server;
};

class ServerLoopsTest : public ServerFixture {
 protected:
  ServerLoopsTest() {
    options_.port_use = PortUse::kShareFirst;
    Start();
    AddRoutes(router_, 0);
    EXPECT_EQ(group_.Start([this](EventLoop& loop, int index)
                               -> absl::StatusOr<std::shared_ptr<void>> {
      if (index == 0) return nullptr;
      auto part = std::make_shared<SecondLoop>();
      AddRoutes(part->router, 1);
      ServerOptions options;
      options.port_use = PortUse::kShareNext;
      options.port = port();
      auto server = Server::Start(loop, options, part->router, part->logger,
                                  part->metrics);
      if (!server.ok()) return server.status();
      part->server = *std::move(server);
      second_ = part.get();
      return part;
    }),
              absl::OkStatus());
  }

  void AddRoutes(Router& router, int index) {
    EventLoop* const loop = EventLoop::Current();
    router.Get("/which", [loop, index](Request) {
      loop->AssertThread();
      return Promise<Response>::Resolve(Response::Text(200, StrCat(index)));
    });
    router.Get("/slow", [this, index](Request) {
      ++slow_[index];
      return After(absl::Milliseconds(100)).Then([index] {
        return Response::Text(200, StrCat(index));
      });
    });
  }

  // Both servers; the loop runs on.
  void DrainBoth() {
    std::vector<Promise<void>> both;
    both.push_back(server_->Drain(absl::Hours(1)));
    both.push_back(CallOn(group_.loop(1), [this] {
      return second_->server->Drain(absl::Hours(1));
    }));
    (void)All(std::move(both)).Then([this] {
      drained_ = true;
      loop_.Stop();
    });
  }

  LoopGroup group_{loop_, {.loops = 2}};
  SecondLoop* second_ = nullptr;
  std::atomic<int> slow_[2] = {0, 0};
};

TEST_F(ServerLoopsTest, ConnectionsReachBoth) {
  int answers[2] = {0, 0};
  std::thread client([&] {
    while (answers[0] == 0 || answers[1] == 0) {
      const TestResponse response =
          Ask("GET /which HTTP/1.1\r\nhost: a\r\n\r\n");
      EXPECT_EQ(response.status, 200);
      ++answers[response.body == "1" ? 1 : 0];
    }
    loop_.Post([this] { DrainBoth(); });
  });
  loop_.AddRef();
  loop_.Run();
  client.join();
  EXPECT_TRUE(drained_);
}

TEST_F(ServerLoopsTest, DrainFinishesTheRequestsOfBoth) {
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  std::atomic<int> asked = 0;
  std::thread starter([&] {
    while (slow_[0] == 0 || slow_[1] == 0) {
      clients.emplace_back([&] {
        TestClient client(port());
        client.Send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n");
        if (client.Read().status == 200) ++answered;
      });
      ++asked;
      // All that were sent are being answered, so that none is cut.
      while (slow_[0] + slow_[1] < asked) std::this_thread::yield();
    }
    loop_.Post([this] { DrainBoth(); });
  });
  loop_.AddRef();
  loop_.Run();
  starter.join();
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(drained_);
  EXPECT_EQ(answered, asked);
}

}  // namespace
}  // namespace millrace::http
