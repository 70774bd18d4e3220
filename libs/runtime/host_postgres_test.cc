// A database that goes away while the process runs.

#include <gtest/gtest.h>

#include "rpc/channel.h"
#include "rpc/health_check.h"
#include "runtime/testdata/sample_host.h"
#include "tests/support/postgres_server.h"

namespace millrace::runtime {
namespace {

Promise<void> Ask(Channel& channel, std::string service) {
  const Call call;
  co_await rpc::CheckServing(channel, call, std::move(service));
}

class HostPostgresTest : public SampleHostTest {
 protected:
  bool Serves(const std::string& service) {
    const auto channel =
        rpc::NewChannel(host_->engine(), {.target = host_->grpc_address()});
    return Settle(loop_, Ask(*channel, service)).ok();
  }
};

TEST_F(HostPostgresTest, ServiceWhoseDatabaseIsLostDoesNotServe) {
  auto server = millrace::testing::PostgresServer::Start();
  if (!server.ok()) GTEST_SKIP() << server.status().message();
  const auto url = (*server)->CreateDatabase("greeter");
  ASSERT_TRUE(url.ok()) << url.status();
  (*config_.mutable_databases())["greeter"].set_url(*url);
  config_.set_readiness_interval("10ms");
  Start();
  EXPECT_TRUE(Serves("sample.v1.GreeterService"));
  (*server)->Kill9();
  Until([&] { return !host_->readiness().ready(); });
  EXPECT_FALSE(Serves("sample.v1.GreeterService"));
  EXPECT_TRUE(Serves("sample.v1.ChoirService"));
  EXPECT_TRUE(Serves("millrace.v1.BusService"));
  EXPECT_FALSE(Serves(""));
  ASSERT_TRUE((*server)->Restart().ok());
  Until([&] { return host_->readiness().ready(); });
  EXPECT_TRUE(Serves("sample.v1.GreeterService"));
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
