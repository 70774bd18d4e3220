// A host with two loops: SQLite, the embedded bus, both faces.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "base/strings.h"
#include "contract/invoke.h"
#include "loop/combinators.h"
#include "loop/tcp.h"
#include "rpc/channel.h"
#include "runtime/testdata/sample_host.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {
namespace {

using sample::v1::Greeting;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class HostLoopsTest : public SampleHostTest {
 protected:
  HostLoopsTest() {
    config_.set_loops(2);
    loop_.AddRef();
  }

  // Each has a connection of its own, which is one loop's.
  std::future<std::string> Http(const std::string& method,
                                const std::string& path,
                                const std::string& body = "") {
    return std::async(std::launch::async, [port = PortOf(host_->http_address()),
                                           method, path, body] {
      return HttpExchange(port, method, path, body);
    });
  }
  std::future<std::string> Greet(const std::string& name) {
    return Http("POST", "/sample.v1.GreeterService/Greet",
                StrCat("{\"name\":\"", name, "\"}"));
  }
  std::string Wait(std::future<std::string> answer) {
    Until([&] {
      return answer.wait_for(std::chrono::seconds(0)) ==
             std::future_status::ready;
    });
    return answer.get();
  }

  size_t Greeters() {
    const std::lock_guard lock(journal_.mutex);
    return journal_.greeters.size();
  }
  int Greetings() {
    const std::lock_guard lock(journal_.mutex);
    return journal_.greetings;
  }
  // How often each was heard.
  std::map<std::string, int> Heard() {
    const std::lock_guard lock(journal_.mutex);
    std::map<std::string, int> heard;
    for (const std::string& entry : journal_.entries) {
      if (entry.starts_with("choir hears ")) ++heard[entry];
    }
    return heard;
  }
};

TEST_F(HostLoopsTest, CallsReachBothLoopsAndEveryEventIsHeardOnce) {
  Start();
  std::map<std::string, int> expected;
  for (int i = 0; Greeters() < 2 || i < 20; ++i) {
    EXPECT_THAT(Wait(Greet(StrCat("guest ", i))),
                AllOf(StartsWith("HTTP/1.1 200 "),
                      HasSubstr(StrCat("hello guest ", i))));
    expected[StrCat("choir hears hello guest ", i)] = 1;
    EXPECT_THAT(
        Wait(Http("POST", "/millrace.v1.BusService/Emit",
                  StrCat(R"({"type":"sample.v1.GreeterEvents.Greeted")",
                         R"(,"json":"{\"text\":\"by hand )", i, R"(\"}"})"))),
        HasSubstr("eventId"));
    expected[StrCat("choir hears by hand ", i)] = 1;
  }
  Until([&] { return Heard().size() >= expected.size(); });
  EXPECT_EQ(Heard(), expected);
  EXPECT_THAT(journal_.hearers, ElementsAre(std::this_thread::get_id()));
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(Wait(Http("GET", "/readyz")),
                AllOf(StartsWith("HTTP/1.1 200 "),
                      HasSubstr(R"("loops":{"ok":true})")));
  }
  EXPECT_TRUE(Drain().ok());
  host_.reset();
  // On each loop the greeter starts first and stops last.
  EXPECT_EQ(std::count(journal_.entries.begin(), journal_.entries.end(),
                       "greeter starts"),
            2);
  EXPECT_EQ(std::count(journal_.entries.begin(), journal_.entries.end(),
                       "greeter stops"),
            2);
  EXPECT_EQ(journal_.entries.front(), "greeter starts");
  EXPECT_EQ(journal_.entries.back(), "greeter stops");
}

TEST_F(HostLoopsTest, CallsOfOneGrpcConnectionReachBothLoops) {
  Start();
  auto channel =
      rpc::NewChannel(host_->engine(), {.target = host_->grpc_address()});
  while (Greeters() < 2) {
    std::vector<Promise<Greeting>> burst;
    for (int i = 0; i < 100; ++i) burst.push_back(GreetOver(*channel, "Ada"));
    const auto greetings = Settle(loop_, All(std::move(burst)));
    ASSERT_TRUE(greetings.ok()) << greetings.status();
    EXPECT_EQ(greetings->back().text(), "hello Ada");
  }
  channel.reset();
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostLoopsTest, DrainFinishesTheCallsOfBothLoops) {
  Start();
  std::vector<std::future<std::string>> calls;
  // They answer after 300 ms: enough of them to be on both loops.
  while (Greeters() < 2) {
    for (int i = 0; i < 8; ++i) calls.push_back(Greet("slow"));
    Until([&] { return Greetings() == static_cast<int>(calls.size()); });
  }
  EXPECT_TRUE(Drain().ok());
  for (auto& call : calls) {
    EXPECT_THAT(call.get(), HasSubstr("hello slow"));
  }
}

TEST_F(HostLoopsTest, ModuleThatCannotStartOnAnotherLoopEndsTheStart) {
  const std::thread::id first = std::this_thread::get_id();
  journal_.on_start = [first] {
    if (std::this_thread::get_id() == first) return;
    Throw(absl::FailedPreconditionError("not a second time"));
  };
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(Settle(loop_, host_->Start()),
            absl::FailedPreconditionError(
                "module greeter cannot start: not a second time"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostLoopsTest, ModuleOfAnotherLoopIsStartedAgainWhileSomethingIsAway) {
  const std::thread::id first = std::this_thread::get_id();
  std::atomic<int> attempts = 0;
  journal_.on_start = [&] {
    if (std::this_thread::get_id() == first) return;
    if (++attempts < 3) Throw(absl::UnavailableError("the moon is away"));
  };
  Start();
  EXPECT_EQ(attempts, 3);
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostLoopsTest, PortThatIsTakenIsNamed) {
  auto taken = TcpListener::Listen(
      loop_, "127.0.0.1", 0, 1, [](auto) {}, PortUse::kShareFirst);
  ASSERT_TRUE(taken.ok());
  config_.mutable_http()->set_port((*taken)->port());
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(
      std::string(MessageOf(Settle(loop_, host_->Start()))),
      AllOf(HasSubstr(StrCat((*taken)->port())), HasSubstr("--http-port")));
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
