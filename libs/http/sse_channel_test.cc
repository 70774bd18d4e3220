#include "http/sse_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "http/server_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SseChannelTest : public ServerFixture {
 protected:
  void Open(SseChannelOptions options = {}) {
    if (options.epoch.empty()) options.epoch = "e";
    channel_ = std::make_unique<SseChannel>(loop_, options, metrics_);
    router_.Get("/events", [this](Request request) {
      return Promise<Response>::Resolve(channel_->Subscribe(request));
    });
  }

  // From a client's thread: calls f() on the loop's and waits for it.
  template <typename F>
  auto OnLoop(F f) {
    std::promise<decltype(f())> result;
    loop_.Post([&] { result.set_value(f()); });
    return result.get_future().get();
  }
  void Publish(std::string data) {
    EXPECT_TRUE(OnLoop([&] {
                  return channel_->Publish({.event = "",
                                            .data = std::move(data),
                                            .id = "",
                                            .retry = std::nullopt});
                }).ok());
  }
  bool Close() {
    return OnLoop([this] {
      channel_->Close();
      return true;
    });
  }

  static std::string Event(int number, std::string_view data) {
    return StrCat("id: e-", number, "\ndata: ", data, "\n\n");
  }

  // What a client that has seen `last` gets until the channel is closed.
  std::string ReadAll(std::string_view last) {
    TestClient client(port());
    client.Send(GetRequest("/events", StrCat("Last-Event-ID: ", last, "\r\n")));
    return client.Read().body;
  }

  std::unique_ptr<SseChannel> channel_;
};

TEST_F(SseChannelTest, ANewClientGetsWhatIsNew) {
  Open();
  Serve([this] {
    Publish("old");
    TestClient client(port());
    client.Send(GetRequest("/events"));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
                HasSubstr("Content-Type: text/event-stream\r\n"));
    // Where it stands, in case that it is gone before the next event.
    EXPECT_THAT(client.ReadUntil("\n\n"), HasSubstr("\r\nid: e-1\n\n"));
    Publish("new\nlines");
    EXPECT_THAT(client.ReadUntil("\n\n"),
                HasSubstr("id: e-2\ndata: new\ndata: lines\n\n"));
    EXPECT_EQ(OnLoop([this] { return channel_->subscribers(); }), 1u);
    client.Reset();
    while (OnLoop([this] { return channel_->subscribers(); }) > 0) {
    }
    Publish("missed");
    Close();
    EXPECT_EQ(ReadAll("e-2"), Event(3, "missed"));
    EXPECT_EQ(ReadAll("e-1"), StrCat("id: e-2\ndata: new\ndata: lines\n\n",
                                     Event(3, "missed")));
    EXPECT_EQ(ReadAll("e-3"), "");
  });
}

TEST_F(SseChannelTest, SaysWhenSomethingMayBeMissing) {
  Open({.keep_events = 3});
  Serve([this] {
    for (int i = 1; i <= 5; ++i) Publish(StrCat(i));
    Close();
    const std::string kept = Event(3, "3") + Event(4, "4") + Event(5, "5");
    EXPECT_EQ(ReadAll("e-2"), kept);
    EXPECT_EQ(ReadAll("e-1"),
              "event: reset\nid: e-2\ndata: forgotten\n\n" + kept);
    EXPECT_EQ(ReadAll("e-0"),
              "event: reset\nid: e-2\ndata: forgotten\n\n" + kept);
    for (const std::string_view id :
         {"e-6", "e-18446744073709551615", "e-99999999999999999999", "other-4",
          "e4", "e-", "e-4x", "e--4", "4", "e-4, e-5", "<script>"}) {
      EXPECT_EQ(ReadAll(id), "event: reset\nid: e-2\ndata: unknown\n\n" + kept)
          << id;
    }
  });
}

TEST_F(SseChannelTest, KeepsAtMostSoManyBytes) {
  Open({.keep_bytes = 100});
  Serve([this] {
    for (int i = 1; i <= 5; ++i) Publish(std::string(30, 'x'));
    Close();
    // Two of 45 bytes.
    EXPECT_THAT(ReadAll("e-3"), StartsWith("id: e-4\n"));
    EXPECT_THAT(ReadAll("e-2"), StartsWith("event: reset\nid: e-3\n"));
  });
}

TEST_F(SseChannelTest, IdsOfAnEarlierChannelAreUnknown) {
  SseChannel first(loop_, {}, metrics_);
  SseChannel second(loop_, {}, metrics_);
  const auto a = first.Publish({.event = "", .data = "x"});
  const auto b = second.Publish({.event = "", .data = "x"});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(*a, *b);
}

TEST_F(SseChannelTest, SaysWhenToComeBack) {
  Open({.retry = absl::Milliseconds(1500)});
  Serve([this] {
    Publish("a");
    Close();
    EXPECT_EQ(ReadAll("e-0"), "retry: 1500\n\n" + Event(1, "a"));
    EXPECT_EQ(ReadAll("x"),
              "retry: 1500\nevent: reset\nid: e-0\ndata: unknown"
              "\n\n" +
                  Event(1, "a"));
    EXPECT_EQ(Ask(GetRequest("/events")).body, "retry: 1500\nid: e-1\n\n");
  });
}

// The ids of whole events in `text`, in order; checks that each follows the one
// before.
int CheckOrder(const std::string& text, int last) {
  size_t at = 0;
  while ((at = text.find("id: e-", at)) != std::string::npos) {
    if (text.find("\n\n", at) == std::string::npos) break;
    const int number = std::atoi(text.c_str() + at + 6);
    EXPECT_EQ(number, last + 1);
    last = number;
    ++at;
  }
  return last;
}

TEST_F(SseChannelTest, ASlowClientIsCutAndGetsTheRestWhenItComesBack) {
  static constexpr int kMost = 2000;
  Open({.keep_events = kMost,
        .keep_bytes = 1 << 30,
        .window_events = 20,
        .window_bytes = 1 << 30});
  Serve([this] {
    std::string got;
    int published = 0;
    {
      TestClient slow(port());
      slow.Send(GetRequest("/events", "Last-Event-ID: e-0\r\n"));
      slow.ReadUntil("\r\n\r\n");
      const std::string data(100'000, 'x');
      // More than any buffer between them takes.
      while (OnLoop([this] { return channel_->cut(); }) == 0) {
        ASSERT_LT(published, kMost);
        Publish(data);
        ++published;
      }
      EXPECT_EQ(OnLoop([this] { return channel_->subscribers(); }), 0u);
      for (std::string more; !(more = slow.ReadSome()).empty();) got += more;
      EXPECT_TRUE(slow.AtEnd());
    }
    const int last = CheckOrder(got, 0);
    EXPECT_LT(last, published);
    Publish("end");
    Close();
    // It is far behind, but not since it came back.
    EXPECT_EQ(CheckOrder(ReadAll(StrCat("e-", last)), last), published + 1);
    EXPECT_EQ(OnLoop([this] { return channel_->cut(); }), 1u);
  });
}

TEST_F(SseChannelTest, ManyGetEverythingInOrder) {
  static constexpr int kClients = 100;
  static constexpr int kEvents = 50;
  Open();
  Serve([this] {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<TestClient>(port()));
      // They come while events do.
      clients.back()->Send(GetRequest("/events", "Last-Event-ID: e-0\r\n"));
      if (i % 2 == 0) Publish(StrCat("event ", i / 2));
    }
    Close();
    for (const auto& client : clients) {
      EXPECT_EQ(CheckOrder(client->Read().body, 0), kEvents);
    }
  });
}

TEST_F(SseChannelTest, TheChannelMayGoBeforeItsClients) {
  Open();
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/events"));
    client.ReadUntil("id: e-0\n\n");
    Publish("last");
    OnLoop([this] {
      channel_.reset();
      return true;
    });
    EXPECT_THAT(client.ReadUntil("0\r\n\r\n"), HasSubstr(Event(1, "last")));
  });
}

TEST_F(SseChannelTest, AHeadDoesNotSubscribe) {
  Open();
  Serve([this] {
    TestClient client(port());
    client.Send("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.Read(true).status, 200);
    while (OnLoop([this] { return channel_->subscribers(); }) > 0) {
    }
  });
}

TEST_F(SseChannelTest, RefusesWhatCannotBeSent) {
  SseChannel channel(loop_, {.keep_bytes = 100}, metrics_);
  const auto code = [&](SseEvent event) {
    return channel.Publish(std::move(event)).status().code();
  };
  using Code = absl::StatusCode;
  EXPECT_EQ(code({.event = "", .data = "x", .id = "1\nevent: reset"}),
            Code::kInvalidArgument);
  EXPECT_EQ(code({.event = "", .data = "x", .id = "mine"}),
            Code::kInvalidArgument);
  EXPECT_EQ(code({.event = "a\rb", .data = "x"}), Code::kInvalidArgument);
  EXPECT_EQ(code({.event = "reset", .data = "x"}), Code::kInvalidArgument);
  EXPECT_EQ(code({.event = "", .data = std::string(100, 'x')}),
            Code::kResourceExhausted);
  EXPECT_EQ(code({.event = "a", .data = "x"}), Code::kOk);
  channel.Close();
  EXPECT_EQ(code({.event = "a", .data = "x"}), Code::kFailedPrecondition);
}

TEST_F(SseChannelTest, RefusesOptionsThatMakeNoSense) {
  const auto valid = [](SseChannelOptions options) {
    return options.Validate().ok();
  };
  EXPECT_TRUE(valid({}));
  EXPECT_FALSE(valid({.keep_events = 0}));
  EXPECT_FALSE(valid({.window_events = 0}));
  EXPECT_FALSE(valid({.retry = absl::Seconds(-1)}));
  EXPECT_FALSE(valid({.epoch = "a\nb"}));
  EXPECT_THROW(SseChannel(loop_, {.epoch = "a-b"}, metrics_), StatusError);
}

}  // namespace
}  // namespace millrace::http
