// Clients that speak HTTP/2 badly, or not at all, and one that speaks it well
// beside them, who must not notice.

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "rpc/raw_client.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::Pair;

constexpr int kClients = 40;
// That one client makes, and cannot all be had.
constexpr uint32_t kCalls = 300;

class HostileClientsTest : public RpcTest {
 protected:
  // Runs `attack` on a thread of its own while a good client calls and calls,
  // and once more when it is over.
  void Withstand(ServerOptions options, std::function<void(int port)> attack) {
    StartServer(std::move(options));
    Connect();
    ASSERT_TRUE(Await(Say(Request("before"))).ok());
    std::atomic<bool> over = false;
    std::thread attacker([&, port = server_->port()] {
      attack(port);
      over = true;
    });
    for (bool last = false; !last;) {
      last = over;
      const auto reply = Await(Say(Request("hello")));
      EXPECT_TRUE(reply.ok()) << reply.status();
      if (!reply.ok()) break;
      EXPECT_EQ(reply->text(), "hello");
    }
    attacker.join();
  }

  // Runs `attack`, which takes all of a memory of 10 MiB for a while, on a
  // thread of its own. When it is over a good client is served, though the
  // other is still there.
  void Fill(ServerOptions options, std::function<void(RawClient&)> attack) {
    options.max_memory_bytes = 10 << 20;
    StartServer(std::move(options));
    RawClient client(server_->port());
    client.Send(kPreface);
    std::atomic<bool> over = false;
    std::thread attacker([&] {
      attack(client);
      over = true;
    });
    RunUntil([&] { return over.load(); });
    attacker.join();
    Connect();
    const auto reply = Await(Say(Request("hello")));
    EXPECT_TRUE(reply.ok()) << reply.status();
  }
};

TEST_F(HostileClientsTest, HandshakesThatDripInOrNeverCome) {
  Withstand({.handshake_timeout = absl::Milliseconds(500)}, [](int port) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<RawClient>(port));
    }
    for (const char c : kPreface.substr(0, 12)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
      for (size_t i = 0; i < clients.size(); i += 2) {
        clients[i]->Send(std::string(1, c));
      }
    }
    for (const auto& client : clients) EXPECT_TRUE(client->ReadToEnd());
  });
}

TEST_F(HostileClientsTest, GarbageAndOtherProtocols) {
  std::string garbage(4096, '\0');
  for (size_t i = 0; i < garbage.size(); ++i) {
    garbage[i] = static_cast<char>(i * 7919 >> 3);
  }
  Withstand({}, [&](int port) {
    for (int i = 0; i < kClients; ++i) {
      RawClient plain(port);
      plain.Send(i % 2 == 0 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n" : garbage);
      EXPECT_TRUE(plain.ReadToEnd());
      const auto client = RawClient::Greeting(port);
      client->Send(StrCat(
          Frame(kHeaders, kEndHeaders | kEndStream, 1, CallHeaders("Say")),
          garbage.substr(static_cast<size_t>(i))));
      EXPECT_TRUE(client->ReadToEnd());
    }
  });
}

TEST_F(HostileClientsTest, ResetsAtEveryPoint) {
  const std::string call =
      StrCat(kPreface, Frame(kSettings, 0, 0),
             Frame(kHeaders, kEndHeaders, 1, CallHeaders("Say")),
             Frame(kData, kEndStream, 1, Number(0, 5)));
  Withstand({}, [&](int port) {
    for (size_t size = 0; size <= call.size(); size += 5) {
      RawClient client(port);
      client.Send(call.substr(0, size));
      client.Reset();
    }
  });
}

// Calls that are begun and cancelled as fast as they can be written.
TEST_F(HostileClientsTest, CallsThatAreResetAtOnce) {
  echo_.talk = [](Call, Stream<EchoRequest> requests) {
    return std::move(requests).Map(
        [](const EchoRequest&) { return Reply(""); });
  };
  Withstand({.max_concurrent_streams = 100}, [](int port) {
    const auto client = RawClient::Greeting(port);
    for (uint32_t stream = 1; stream < 4000; stream += 2) {
      if (!client->Send(
              StrCat(Frame(kHeaders, kEndHeaders, stream, CallHeaders("Talk")),
                     Frame(kReset, 0, stream, Number(8, 4))))) {
        break;  // cut for it, which is as good
      }
    }
  });
}

TEST_F(HostileClientsTest, WhatIsTooLarge) {
  Withstand({.max_message_bytes = 16 << 10}, [](int port) {
    const auto frame = RawClient::Greeting(port);
    frame->Send(StrCat("\xff\xff\xff", Number(kData, 1), Number(0, 5)));
    EXPECT_TRUE(frame->ReadToEnd());

    // Headers that do not end: grpc++ reads on, and forgets what it has read.
    const auto headers = RawClient::Greeting(port);
    headers->Send(Frame(kHeaders, 0, 1, CallHeaders("Say")));
    std::string more;
    while (more.size() < 12'000) more += Field("x", std::string(100, 'a'));
    for (int i = 0; i < 500; ++i) {
      headers->Send(Frame(kContinuation, 0, 1, more));
    }

    const auto message = RawClient::Greeting(port);
    const std::string half(10'000, 'a');
    message->Send(StrCat(
        Frame(kHeaders, kEndHeaders, 1, CallHeaders("Say")),
        Frame(kData, 0, 1, StrCat(Number(0, 1), Number(20'000, 4), half)),
        Frame(kData, kEndStream, 1, half)));
    EXPECT_TRUE(message->ReadUntil(kHeaders, kEndStream));
  });
}

// Large messages that never come to an end, in many calls of many clients.
TEST_F(HostileClientsTest, MessagesThatDoNotEndHaveABoundTogether) {
  if (transport() != Transport::kHttp2) GTEST_SKIP() << "gRPC has its own way";
  Withstand({.max_memory_bytes = 10 << 20}, [](int port) {
    std::vector<std::unique_ptr<RawClient>> clients;
    const std::string head = StrCat(Number(0, 1), Number(1 << 20, 4), "begin");
    for (int i = 0; i < 12; ++i) {
      clients.push_back(RawClient::Greeting(port));
      clients.back()->Send(
          StrCat(Frame(kHeaders, kEndHeaders, 1, CallHeaders("Say")),
                 Frame(kData, 0, 1, head)));
      if (i < 9) continue;
      // There is room for nine, and for the good client's.
      EXPECT_EQ(clients.back()->ReadFields(kEndStream)["grpc-status"], "8");
    }
    clients.erase(clients.begin());
    RawClient& next = *clients.emplace_back(RawClient::Greeting(port));
    next.Send(StrCat(
        Frame(kHeaders, kEndHeaders, 1, CallHeaders("Say")),
        Frame(kData, kEndStream, 1, StrCat(Number(0, 1), Number(0, 4)))));
    EXPECT_EQ(next.ReadFields(kEndStream)["grpc-status"], "0");
  });
}

// Metadata that costs the client a byte a field: HPACK names what it has said
// before. No request follows.
TEST_F(HostileClientsTest, MetadataWithoutARequestHasABoundAndATime) {
  if (transport() != Transport::kHttp2) GTEST_SKIP() << "gRPC has its own way";
  std::map<std::string, int> ended;
  Fill({.request_timeout = absl::Seconds(2)}, [&](RawClient& client) {
    client.Send(Frame(kSettings, 0, 0));
    const std::string head = CallHeaders("Say");
    client.Send(
        Frame(kHeaders, kEndHeaders, 1,
              StrCat(head, KeptField("x-much", std::string(3900, 'm')))));
    for (uint32_t i = 1; i < kCalls; ++i) {
      client.Send(Frame(kHeaders, kEndHeaders, 2 * i + 1,
                        StrCat(head, std::string(15, kLastKept))));
    }
    for (uint32_t i = 0; i < kCalls; ++i) {
      ++ended[client.ReadFields(kEndStream)["grpc-status"]];
    }
  });
  // About 170 of 60 KB each find room, for a time.
  EXPECT_THAT(ended, ElementsAre(Pair("4", Gt(100)), Pair("8", Gt(100))));
}

TEST_F(HostileClientsTest, FloodsOfPingsAndSettings) {
  for (const FrameType type : {kPing, kSettings}) {
    Withstand({}, [type](int port) {
      const auto client = RawClient::Greeting(port);
      const std::string flood = Frame(
          type, 0, 0, type == kPing ? std::string(8, 'p') : std::string());
      int sent = 0;
      // Whose answers are not read.
      while (sent < 20'000 && client->Send(flood)) ++sent;
    });
  }
}

// The handler is held back, and what it has said so far is bounded.
TEST_F(HostileClientsTest, AnswersThatNobodyReads) {
  std::atomic<int> said = 0;
  echo_.count = [&](Call, EchoRequest) {
    return Stream<EchoReply>::Of(std::vector<EchoReply>(1000, Reply("")))
        .Map([&said](const EchoReply&) {
          ++said;
          return Reply(std::string(10'000, 'x'));
        });
  };
  Withstand({}, [&](int port) {
    const auto client = std::make_unique<RawClient>(port);
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    client->Send(StrCat(
        kPreface, Frame(kSettings, 0, 0, StrCat(Number(4, 2), Number(0, 4))),
        Frame(kHeaders, kEndHeaders, 1, CallHeaders("Count")),
        Frame(kData, kEndStream, 1, Number(0, 5))));
    EXPECT_TRUE(client->ReadUntil(kHeaders));
    for (int before = -1; before != said;) {
      before = said;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  EXPECT_GT(said, 0);
  EXPECT_LT(said, 100);
}

// Replies that fill the memory for calls are taken back when they lie there for
// too long.
TEST_F(HostileClientsTest, UnreadAnswersOfManyCallsHaveABoundAndATime) {
  if (transport() != Transport::kHttp2) GTEST_SKIP() << "gRPC has its own way";
  echo_.count = [](Call, EchoRequest) {
    return Stream<EchoReply>::Of({Reply(std::string(100'000, 'x'))});
  };
  int resets = 0;
  Fill({.send_timeout = absl::Seconds(2)}, [&](RawClient& client) {
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    client.Send(Frame(kSettings, 0, 0, StrCat(Number(4, 2), Number(0, 4))));
    for (uint32_t i = 0; i < kCalls; ++i) {
      const uint32_t stream = 2 * i + 1;
      client.Send(
          StrCat(Frame(kHeaders, kEndHeaders, stream, CallHeaders("Count")),
                 Frame(kData, kEndStream, stream, Number(0, 5))));
    }
    // About a hundred find room; the others are told at once.
    for (int i = 0; i < 190; ++i) {
      EXPECT_EQ(client.ReadFields(kEndStream)["grpc-status"], "8");
    }
    while (resets < 50 && client.ReadUntil(kReset).has_value()) ++resets;
  });
  EXPECT_EQ(resets, 50);
}

// Nothing at all is read, not even that there is nothing to be had.
TEST_F(HostileClientsTest, AConnectionThatIsNotReadIsCut) {
  if (transport() != Transport::kHttp2) GTEST_SKIP() << "gRPC has its own way";
  echo_.count = [](Call, EchoRequest) {
    return Stream<EchoReply>::Of({Reply(std::string(60'000, 'x'))});
  };
  bool cut = false;
  Fill({.send_timeout = absl::Milliseconds(400)}, [&](RawClient& client) {
    // 2 GiB for the connection, of which it takes nothing.
    client.Send(StrCat(Frame(kSettings, 0, 0),
                       Frame(kWindowUpdate, 0, 0, Number(0x7fff0000, 4))));
    for (uint32_t stream = 1; stream < 2000 && !cut; stream += 2) {
      cut = !client.Send(
          StrCat(Frame(kHeaders, kEndHeaders, stream, CallHeaders("Count")),
                 Frame(kData, kEndStream, stream, Number(0, 5))));
    }
    // It has something to say all the while.
    for (int i = 0; i < 1000 && !cut; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      cut = !client.Send(Frame(kWindowUpdate, 0, 0, Number(1, 4)));
    }
  });
  EXPECT_TRUE(cut);
}

TEST_F(HostileClientsTest, MoreConnectionsThanThereMayBe) {
  if (transport() != Transport::kHttp2) GTEST_SKIP() << "gRPC has no bound";
  Withstand({.max_connections = 3}, [](int port) {
    const auto second = RawClient::Greeting(port);
    auto third = RawClient::Greeting(port);
    EXPECT_TRUE(second->ReadUntil(kSettings).has_value());
    EXPECT_TRUE(third->ReadUntil(kSettings).has_value());
    EXPECT_TRUE(RawClient(port).ReadToEnd());
    third.reset();
    // Taken again once the server has seen that one has left.
    for (;;) {
      const auto next = RawClient::Greeting(port);
      if (next->ReadUntil(kSettings).has_value()) break;
    }
  });
}

}  // namespace
}  // namespace millrace::rpc
