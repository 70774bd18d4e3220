// What grpc.health.v1 tells of each service, and /readyz of remote ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "base/strings.h"
#include "bus/testing/fake_transport.h"
#include "bus/testing/forwarding.h"
#include "loop/tcp.h"
#include "rpc/channel.h"
#include "rpc/health_check.h"
#include "rpc/server.h"
#include "runtime/testdata/pipeline_fixture.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kGreeter[] = "sample.v1.GreeterService";
constexpr char kChoir[] = "sample.v1.ChoirService";
constexpr char kBus[] = "millrace.v1.BusService";

// A log that can be away.
class AwayTransport final : public bus::ForwardingTransport {
 public:
  AwayTransport() : ForwardingTransport(fake_) {}
  Promise<void> EnsureTopics(std::vector<bus::TopicSpec>) override {
    return away ? Promise<void>::Reject(health()) : Promise<void>::Resolve();
  }
  absl::Status health() override {
    return away ? absl::UnavailableError("no broker") : absl::OkStatus();
  }

  bool away = false;

 private:
  bus::FakeTransport fake_;
};

Promise<void> Ask(Channel& channel, std::string service) {
  const Call call;
  co_await rpc::CheckServing(channel, call, std::move(service));
}

class HostHealthTest : public SampleHostTest {
 protected:
  HostHealthTest() { config_.set_readiness_interval("10ms"); }

  bool Serves(const std::string& service) {
    const auto channel =
        rpc::NewChannel(host_->engine(), {.target = host_->grpc_address()});
    return Settle(loop_, Ask(*channel, service)).ok();
  }
};

TEST_F(HostHealthTest, ServiceFollowsItsModule) {
  std::string away = "the moon is away";
  journal_.on_start = [&away] {
    if (!away.empty()) Throw(absl::UnavailableError(away));
  };
  ASSERT_TRUE(Create().ok());
  Promise<void> started = host_->Start();
  Until(
      [&] { return host_->readiness().StatusOf("greeter").message() == away; });
  EXPECT_FALSE(Serves(kGreeter));
  EXPECT_FALSE(Serves(kChoir));
  EXPECT_TRUE(Serves(kBus));
  EXPECT_FALSE(Serves(""));
  EXPECT_TRUE(Serves("alive"));
  away.clear();
  ASSERT_TRUE(Settle(loop_, std::move(started)).ok());
  for (const char* service : {kGreeter, kChoir, kBus, ""}) {
    EXPECT_TRUE(Serves(service)) << service;
  }
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostHealthTest, ServicesServeWhileTheBrokerIsAway) {
  AwayTransport transport;
  ASSERT_TRUE(Create(&transport).ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  transport.away = true;
  Until([&] { return !host_->readiness().ready(); });
  EXPECT_TRUE(Serves(kGreeter));
  EXPECT_FALSE(Serves(kBus));
  EXPECT_FALSE(Serves(""));
  transport.away = false;
  Until([&] { return host_->readiness().ready(); });
  EXPECT_TRUE(Serves(kBus));
  EXPECT_TRUE(Drain().ok());
}

// A call may come to any of them.
TEST_F(HostHealthTest, EveryLoopTellsTheSame) {
  config_.set_loops(3);
  AwayTransport transport;
  ASSERT_TRUE(Create(&transport).ok());
  ASSERT_TRUE(Settle(loop_, host_->Start()).ok());
  transport.away = true;
  Until([&] { return !host_->readiness().ready(); });
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(Serves(kGreeter));
    EXPECT_FALSE(Serves(kBus));
  }
  transport.away = false;
  Until([&] { return host_->readiness().ready(); });
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostHealthTest, EveryLoopTellsTheSameWhenTheBrokerIsAwayAtTheStart) {
  config_.set_loops(3);
  AwayTransport transport;
  transport.away = true;
  ASSERT_TRUE(Create(&transport).ok());
  Promise<void> started = host_->Start();
  Until([this] {
    const std::lock_guard lock(journal_.mutex);
    return std::count(journal_.entries.begin(), journal_.entries.end(),
                      "choir starts") == 3;
  });
  // The other loops listen soon after.
  int in_a_row = 0;
  for (int i = 0; i < 300 && in_a_row < 30; ++i) {
    in_a_row = Serves(kGreeter) ? in_a_row + 1 : 0;
    EXPECT_FALSE(Serves(kBus));
  }
  EXPECT_EQ(in_a_row, 30);
  transport.away = false;
  ASSERT_TRUE(Settle(loop_, std::move(started)).ok());
  EXPECT_TRUE(Drain().ok());
}

// The choir here, the greeter in another process.
class HostRemotesTest : public HostHealthTest {
 protected:
  HostRemotesTest() {
    auto listener = TcpListener::Listen(loop_, "127.0.0.1", 0, 1,
                                        [](std::shared_ptr<TcpConnection>) {});
    port_ = (*listener)->port();
    config_.clear_services();
    config_.add_services("choir");
    (*config_.mutable_remote())["sample"] = StrCat("127.0.0.1:", port_);
  }

  void StartGreeter() {
    rpc::ServerOptions options;
    options.address = StrCat("127.0.0.1:", port_);
    greeter_ = ValueOrThrow(rpc::Server::Start(host_->engine(), options,
                                               dispatcher_, logger_, metrics_));
  }

  int port_ = 0;
  HeldGreeter service_;
  DirectDispatcher dispatcher_{{Bind(service_)}};
  std::unique_ptr<rpc::Server> greeter_;
};

TEST_F(HostRemotesTest, RemoteThatIsAwayIsToldAndMakesNothingUnready) {
  Start();
  const auto status = [this] {
    return host_->readiness().StatusOfRemote(kGreeter);
  };
  Until([&] { return status().message() != "it was not asked yet"; });
  EXPECT_THAT(Http("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 200 "),
                    HasSubstr(R"({"ready":true,"degraded":true,"needs":{)"),
                    HasSubstr(R"("remotes":{"sample.v1.GreeterService":)"
                              R"({"ok":false,"error":")"),
                    HasSubstr(R"(,"callers":["choir"]}}})")));
  EXPECT_TRUE(Serves(kChoir));
  EXPECT_TRUE(Serves(""));
  EXPECT_THAT(Http("GET", "/metrics"),
              HasSubstr("millrace_remote_serving{service=\"sample.v1."
                        "GreeterService\"} 0\n"));

  StartGreeter();
  Until([&] { return status().ok(); });
  EXPECT_THAT(Http("GET", "/readyz"),
              HasSubstr(R"("remotes":{"sample.v1.GreeterService":)"
                        R"({"ok":true,"callers":["choir"]}}})"));
  // It waits for its database, say.
  greeter_->SetServing(kGreeter, false);
  Until([&] { return !status().ok(); });
  EXPECT_THAT(std::string(status().message()), HasSubstr("NOT_SERVING"));
  EXPECT_TRUE(host_->readiness().ready());
  greeter_.reset();
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
