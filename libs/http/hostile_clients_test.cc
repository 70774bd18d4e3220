// Clients that mean ill, and one that does not beside them, who must not
// notice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "http/server_fixture.h"

namespace millrace::http {
namespace {

constexpr int kClients = 40;

class HostileClientsTest : public ServerFixture {
 protected:
  using ClientPtr = std::unique_ptr<TestClient>;

  HostileClientsTest() {
    options_.header_timeout = absl::Milliseconds(200);
    options_.body_timeout = absl::Milliseconds(200);
    options_.send_timeout = absl::Milliseconds(200);
    options_.limits.max_header_bytes = 4 << 10;
    options_.limits.max_body_bytes = 64 << 10;
    const Handler ok = [](Request) {
      return Promise<Response>::Resolve(Response::Text(200, "ok"));
    };
    router_.Get("/", ok);
    router_.Post("/", ok);
    router_.Get("/large", [](Request) {
      return Promise<Response>::Resolve(
          Response::Text(200, std::string(8 << 20, 'x')));
    });
  }

  // Runs `attack` on a thread of its own while a good client asks and asks, and
  // once more when it is over.
  void Withstand(std::function<void()> attack) {
    Serve([&] {
      std::atomic<bool> over = false;
      std::thread attacker([&] {
        attack();
        over = true;
      });
      for (bool last = false; !last;) {
        last = over;
        const TestResponse answer =
            Ask(GetRequest("/", "Connection: close\r\n"));
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "ok");
      }
      attacker.join();
    });
  }

  std::vector<ClientPtr> Connected() const {
    std::vector<ClientPtr> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<TestClient>(port()));
    }
    return clients;
  }

  // Each sends `begin` and then `drop` again and again until the server ends
  // the connection.
  void Drip(std::string_view begin, std::string_view drop) const {
    std::vector<ClientPtr> clients = Connected();
    for (const ClientPtr& client : clients) client->Send(begin);
    while (!clients.empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
      std::erase_if(clients, [drop](const ClientPtr& client) {
        return !client->Send(drop);
      });
    }
  }
};

TEST_F(HostileClientsTest, HeadsThatDripIn) {
  Withstand([this] { Drip("GET / HTTP/1.1\r\nX: ", "a"); });
}

TEST_F(HostileClientsTest, BodiesThatDripIn) {
  Withstand([this] {
    Drip("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n", "a");
    Drip("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
         "1\r\na\r\n");
  });
}

TEST_F(HostileClientsTest, ConnectionsThatSayNothing) {
  // The good one is never as slow as that.
  options_.idle_timeout = absl::Seconds(1);
  Withstand([this] {
    for (const bool half_closed : {false, true}) {
      const std::vector<ClientPtr> clients = Connected();
      for (const ClientPtr& client : clients) {
        if (half_closed) client->Finish();
      }
      for (const ClientPtr& client : clients) EXPECT_TRUE(client->AtEnd());
    }
  });
}

TEST_F(HostileClientsTest, ResetsAtEveryPoint) {
  const std::string request = PostRequest("/", "text/plain", "a body");
  Withstand([this, request] {
    for (size_t size = 0; size <= request.size(); size += 3) {
      TestClient client(port());
      client.Send(request.substr(0, size));
      client.Reset();
    }
  });
}

TEST_F(HostileClientsTest, AnswersThatNobodyReads) {
  Withstand([this] {
    const std::vector<ClientPtr> clients = Connected();
    for (const ClientPtr& client : clients) {
      client->Send(GetRequest("/large") + GetRequest("/large"));
    }
    // Until all of them were cut for it.
    for (size_t open = kClients; open > 1;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      std::promise<size_t> connections;
      loop_.Post([&] { connections.set_value(server_->connections()); });
      open = connections.get_future().get();
    }
  });
}

TEST_F(HostileClientsTest, WhatIsTooLarge) {
  const std::string chunks =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::pair<std::string, int>> requests = {
      {StrCat("GET /", std::string(1 << 20, 'a'), " HTTP/1.1\r\n"), 414},
      {StrCat("GET / HTTP/1.1\r\nX: ", std::string(1 << 20, 'a')), 431},
      {StrCat("GET / HTTP/1.1\r\nHost: x\r\n",
              [] {
                std::string fields;
                for (int i = 0; i < 1000; ++i) fields += "a: b\r\n";
                return fields;
              }()),
       431},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
       413},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
       "99999999999999999999999999\r\n\r\n",
       400},
      {StrCat(chunks, "FFFFFFF\r\n"), 413},
      {StrCat(chunks, "fffffffffffffffffffff\r\n"), 400},
      {StrCat(chunks, "1;", std::string(1 << 20, 'x')), 431}};
  Withstand([&] {
    for (const auto& [request, status] : requests) {
      for (int i = 0; i < 5; ++i) {
        TestClient client(port());
        client.Send(request);  // as far as it is taken
        EXPECT_EQ(client.Read().status, status) << request.substr(0, 60);
      }
    }
  });
}

TEST_F(HostileClientsTest, GarbageBehindGoodRequests) {
  std::string garbage(4096, '\0');
  for (size_t i = 0; i < garbage.size(); ++i) {
    garbage[i] = static_cast<char>(i * 7919 >> 3);
  }
  Withstand([&] {
    for (int i = 0; i < kClients; ++i) {
      TestClient client(port());
      const std::string good = GetRequest("/");
      client.Send(good + good + garbage.substr(static_cast<size_t>(i)));
      EXPECT_EQ(client.Read().status, 200);
      EXPECT_EQ(client.Read().status, 200);
      EXPECT_EQ(client.Read().status, 400);
      EXPECT_TRUE(client.AtEnd());
    }
  });
}

TEST_F(HostileClientsTest, MoreConnectionsThanAreTaken) {
  options_.max_connections = kClients / 2;
  options_.header_timeout = absl::Minutes(1);  // they may stay
  Serve([this] {
    // Who has a place keeps it.
    TestClient good(port());
    good.Send(GetRequest("/"));
    EXPECT_EQ(good.Read().status, 200);
    int refused = 0;
    std::vector<ClientPtr> clients = Connected();
    good.Send(GetRequest("/"));
    EXPECT_EQ(good.Read().status, 200);
    // The first of them have the other places and are told nothing.
    for (size_t i = kClients / 2 - 1; i < clients.size(); ++i) {
      refused += clients[i]->Read().status == 503 ? 1 : 0;
    }
    EXPECT_EQ(refused, kClients / 2 + 1);
    for (const ClientPtr& client : clients) client->Reset();
    good.Send(GetRequest("/"));
    EXPECT_EQ(good.Read().status, 200);
  });
}

}  // namespace
}  // namespace millrace::http
