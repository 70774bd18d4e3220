// A loop that is kept busy in every phase at once: none of them starves.
//
// Counted in turns, not in time: a slow machine makes fewer turns in the same
// time, so that what waits for the clock waits for fewer of them.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "loop/event_loop.h"
#include "loop/tcp.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

constexpr uint64_t kMaxTurns = 5'000'000;
constexpr int kWanted = 30;

class Fairness : public testing::Test {
 protected:
  struct Load {
    std::string name;
    int runs = 0;
  };

  // What the load does each time it gets its turn.
  void Count(Load& load) {
    if (++load.runs == kWanted && --missing_ == 0) loop_.Stop();
  }
  Load& Add(std::string name) {
    ++missing_;
    return *loads_.emplace_back(
        std::make_unique<Load>(Load{.name = std::move(name)}));
  }

  void FeedImmediates(Load& load) {
    loop_.SetImmediate([this, &load] {
      Count(load);
      FeedImmediates(load);
    });
  }
  void FeedPosts(Load& load) {
    loop_.Post([this, &load] {
      Count(load);
      FeedPosts(load);
    });
  }
  void FeedCloses(Load& load) {
    loop_.QueueClose([this, &load] {
      Count(load);
      FeedCloses(load);
    });
  }
  void FeedTimeouts(Load& load) {
    loop_.SetTimeout(absl::ZeroDuration(), [this, &load] {
      Count(load);
      FeedTimeouts(load);
    });
  }
  void FeedWorkers(Load& load) {
    static_cast<void>(loop_.workers().Run([] {}).Then([this, &load] {
      Count(load);
      if (missing_ > 0) FeedWorkers(load);
    }));
  }
  // A server that sends back what it gets, and a client that does the same.
  void FeedSocket(Load& load) {
    auto listener = TcpListener::Listen(
        loop_, "127.0.0.1", 0, 8, [](std::shared_ptr<TcpConnection> peer) {
          auto* const connection = peer.get();
          connection->OnData([connection](std::string_view bytes) {
            static_cast<void>(connection->Write(std::string(bytes)));
          });
        });
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    static_cast<void>(
        TcpConnection::Connect(loop_, "localhost", listener_->port())
            .Then([this, &load](std::shared_ptr<TcpConnection> made) {
              client_ = std::move(made);
              client_->OnData([this, &load](std::string_view bytes) {
                Count(load);
                static_cast<void>(client_->Write(std::string(bytes)));
              });
              static_cast<void>(client_->Write("ping"));
            }));
  }

  // Runs until each load has had its turns, or the loop has made too many.
  void Run() {
    loop_.SetInterval(absl::Milliseconds(1), [this] {
      if (loop_.turns() > kMaxTurns) loop_.Stop();
    });
    loop_.Run();
    for (const auto& load : loads_)
      EXPECT_GE(load->runs, kWanted) << load->name;
    if (client_ != nullptr) client_->Close();
  }

  EventLoop loop_;
  std::vector<std::unique_ptr<Load>> loads_;
  int missing_ = 0;
  std::unique_ptr<TcpListener> listener_;
  std::shared_ptr<TcpConnection> client_;
};

TEST_F(Fairness, EveryPhaseOfABusyLoopGoesOn) {
  FeedImmediates(Add("immediates"));
  FeedPosts(Add("posted tasks"));
  FeedCloses(Add("close callbacks"));
  FeedTimeouts(Add("timeouts of 0 ms"));
  FeedWorkers(Add("jobs of workers"));
  FeedSocket(Add("a socket"));
  Load& interval = Add("an interval of 1 ms");
  loop_.SetInterval(absl::Milliseconds(1), [&] { Count(interval); });
  Run();
}

TEST_F(Fairness, ABurstOfPostsLeavesRoomForTimers) {
  Load& timers = Add("an interval of 1 ms");
  Load& bursts = Add("bursts of posted tasks");
  loop_.SetInterval(absl::Milliseconds(1), [&] { Count(timers); });
  std::function<void()> burst = [&] {
    for (int i = 0; i < 999; ++i) loop_.Post([] {});
    loop_.Post([&] {
      Count(bursts);
      burst();
    });
  };
  burst();
  Run();
}

// Sleeps by letting another thread post a burst, and counts what wakes it.
class BurstSource final : public PollSource {
 public:
  explicit BurstSource(EventLoop* loop) : loop_(loop) {}
  int RunReady(int) override { return 0; }
  void Sleep(int, std::optional<absl::Duration>) override {
    std::thread([this] {
      for (int i = 0; i < 1000; ++i) {
        loop_->Post([this] { ++ran; });
      }
      if (++bursts == 3) loop_->Post([this] { loop_->ReleaseRef(); });
    }).join();
  }
  void Wake() override { ++wakes; }

  int bursts = 0;
  int ran = 0;
  int wakes = 0;

 private:
  EventLoop* const loop_;
};

TEST(MailboxTest, ABurstFromAnotherThreadWakesTheLoopOnce) {
  EventLoop loop;
  BurstSource source(&loop);
  loop.SetPollSource(&source);
  loop.AddRef();
  loop.Run();
  EXPECT_EQ(source.bursts, 3);
  EXPECT_EQ(source.ran, 3000);
  EXPECT_EQ(source.wakes, 3);
  loop.SetPollSource(nullptr);
}

}  // namespace
}  // namespace millrace
