// Slow clients, too many of them, those who leave, and the drain.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "http/server_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;

class ServerLimitsTest : public ServerFixture {
 protected:
  ServerLimitsTest() {
    router_.Get("/", [](Request) {
      return Promise<Response>::Resolve(Response::Text(200, "ok"));
    });
    // Answers when the test says so, or when its signal aborts.
    router_.Get("/held", [this](Request request) { return Hold(request); });
  }

  Promise<Response> Hold(const Request& request) {
    Deferred<Response> answer;
    held_.push_back(answer);
    subscriptions_.push_back(
        request.signal.OnAbort([this, answer, signal = request.signal] {
          ++aborted_;
          answer.Reject(signal.reason());
        }));
    arrived_.set_value();
    return answer.promise();
  }

  void Release() {
    loop_.Post([this] {
      for (auto& answer : held_) answer.Resolve(Response::Text(200, "held"));
    });
  }

  std::vector<Deferred<Response>> held_;
  std::vector<AbortSubscription> subscriptions_;
  std::promise<void> arrived_;
  std::atomic<int> aborted_ = 0;
};

TEST_F(ServerLimitsTest, ASlowHeadIsAnswered408) {
  options_.header_timeout = absl::Milliseconds(40);
  Serve([this] {
    TestClient client(port());
    client.Send("GET / HTTP/1.1\r\nHo");
    const TestResponse got = client.Read();
    EXPECT_EQ(got.status, 408);
    EXPECT_THAT(got.body, HasSubstr("40ms (header_timeout)"));
    client.Finish();
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(ServerLimitsTest, ADrippingHeadIsAnswered408) {
  options_.header_timeout = absl::Milliseconds(60);
  Serve([this] {
    TestClient client(port());
    client.Send("GET / HTTP/1.1\r\nX: ");
    std::atomic<bool> done = false;
    std::thread dripper([&] {
      while (!done && client.Send("a")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
    EXPECT_EQ(client.Read().status, 408);
    done = true;
    dripper.join();
  });
}

TEST_F(ServerLimitsTest, ASlowBodyIsAnswered408) {
  options_.body_timeout = absl::Milliseconds(40);
  Serve([this] {
    TestClient client(port());
    client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
    const TestResponse got = client.Read();
    EXPECT_EQ(got.status, 408);
    EXPECT_THAT(got.body, HasSubstr("body_timeout"));
  });
}

TEST_F(ServerLimitsTest, AnIdleConnectionIsClosedWithoutAWord) {
  options_.idle_timeout = absl::Milliseconds(40);
  Serve([this] {
    TestClient fresh(port());
    TestClient used(port());
    used.Send(GetRequest("/"));
    EXPECT_EQ(used.Read().status, 200);
    EXPECT_TRUE(fresh.AtEnd());
    EXPECT_TRUE(used.AtEnd());
  });
}

TEST_F(ServerLimitsTest, AHandlerMayTakeLongerThanTheIdleTime) {
  options_.idle_timeout = absl::Milliseconds(20);
  options_.header_timeout = absl::Milliseconds(20);
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/held"));
    arrived_.get_future().wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(80));
    Release();
    EXPECT_EQ(client.Read().body, "held");
  });
}

TEST_F(ServerLimitsTest, AClientThatReadsNothingIsCut) {
  options_.send_timeout = absl::Milliseconds(60);
  router_.Get("/big", [](Request) {
    return Promise<Response>::Resolve(
        Response::Text(200, std::string(64 << 20, 'x')));
  });
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/big"));
    // The drain behind this ends only when the connection was cut.
    while (true) {
      std::promise<size_t> open;
      loop_.Post([&] { open.set_value(server_->connections()); });
      if (open.get_future().get() == 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
}

TEST_F(ServerLimitsTest, OneConnectionTooManyIsTold503) {
  options_.max_connections = 2;
  Serve([this] {
    TestClient first(port());
    TestClient second(port());
    for (TestClient* client : {&first, &second}) {
      client->Send(GetRequest("/"));
      EXPECT_EQ(client->Read().status, 200);
    }
    {
      TestClient third(port());
      third.Send(GetRequest("/"));
      const TestResponse refused = third.Read();
      EXPECT_EQ(refused.status, 503);
      EXPECT_THAT(refused.body, HasSubstr("max_connections is 2"));
    }
    first.Send(GetRequest("/"));
    EXPECT_EQ(first.Read().status, 200);
  });
}

TEST_F(ServerLimitsTest, ALeavingClientAbortsItsRequests) {
  for (const bool reset : {false, true}) {
    arrived_ = {};
    aborted_ = 0;
    held_.clear();
    server_ = nullptr;
    drained_ = false;
    Serve([&] {
      TestClient client(port());
      client.Send(GetRequest("/held"));
      arrived_.get_future().wait();
      if (reset) {
        client.Reset();
      } else {
        client.Finish();
        // The handler took the abort for its answer.
        EXPECT_EQ(client.Read().status, 499);
      }
      while (aborted_ == 0) std::this_thread::yield();
    });
    EXPECT_EQ(aborted_, 1);
  }
}

TEST_F(ServerLimitsTest, AHalfClosedClientIsStillAnswered) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/"));
    client.Finish();
    EXPECT_EQ(client.Read().body, "ok");
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(ServerLimitsTest, DrainEndsWhatIsInFlightAndClosesTheIdle) {
  Serve([this] {
    TestClient idle(port());
    idle.Send(GetRequest("/"));
    EXPECT_EQ(idle.Read().status, 200);
    TestClient busy(port());
    busy.Send(GetRequest("/held"));
    arrived_.get_future().wait();
    loop_.Post([this] { Drain(absl::Seconds(30)); });
    EXPECT_TRUE(idle.AtEnd());
    EXPECT_THROW(TestClient late(port()), std::runtime_error);
    Release();
    const TestResponse last = busy.Read();
    EXPECT_EQ(last.body, "held");
    EXPECT_EQ(last.headers.Get("Connection"), "close");
    EXPECT_TRUE(busy.AtEnd());
  });
  EXPECT_EQ(aborted_, 0);
}

TEST_F(ServerLimitsTest, DrainLetsARequestThatHasBegunArrive) {
  Serve([this] {
    TestClient client(port());
    // In one segment: when the first is answered the second has begun.
    client.Send(GetRequest("/") + "GET / HTTP/1.1\r\nHo");
    EXPECT_EQ(client.Read().status, 200);
    std::promise<void> draining;
    loop_.Post([&] {
      Drain(absl::Seconds(30));
      draining.set_value();
    });
    draining.get_future().wait();
    client.Send("st: x\r\n\r\n");
    const TestResponse last = client.Read();
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.headers.Get("Connection"), "close");
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(ServerLimitsTest, DrainCutsAtItsBound) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/held"));
    arrived_.get_future().wait();
    loop_.Post([this] { Drain(absl::Milliseconds(20)); });
    EXPECT_TRUE(client.AtEnd());
  });
  EXPECT_EQ(aborted_, 1);
}

TEST_F(ServerLimitsTest, AServerMayGoWithRequestsInFlight) {
  Start();
  std::thread thread([this] {
    TestClient client(port());
    client.Send(GetRequest("/held"));
    arrived_.get_future().wait();
    loop_.Post([this] { server_ = nullptr; });
    EXPECT_TRUE(client.AtEnd());
  });
  loop_.Run();
  thread.join();
  EXPECT_EQ(aborted_, 1);
}

}  // namespace
}  // namespace millrace::http
