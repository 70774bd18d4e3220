#include "runtime/config_remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testdata/config_fixture.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;

TEST_F(ConfigTest, RemoteCallsAreRepeatedAsTheyAreTold) {
  Yaml(
      "remote_calls:\n"
      "  timeout: 5s\n"
      "  max_attempts: 2\n"
      "  initial_backoff: 10ms\n"
      "  max_backoff: 20ms\n"
      "  retry_codes: [ABORTED, UNAVAILABLE]\n"
      "  idempotent_methods: [users.v1.UsersService/SuspendUser]\n"
      "  retry_budget: 7\n"
      "  keepalive_interval: 0s\n");
  const rpc::ChannelOptions options = ChannelOptionsOf(Load(), "users:9090");
  EXPECT_EQ(options.target, "users:9090");
  EXPECT_EQ(options.timeout, absl::Seconds(5));
  EXPECT_EQ(options.keepalive_interval, absl::InfiniteDuration());
  EXPECT_EQ(options.keepalive_timeout, absl::Seconds(10));
  const rpc::RetryOptions& retry = options.retry;
  EXPECT_TRUE(retry.Validate().ok());
  EXPECT_EQ(retry.max_attempts, 2);
  EXPECT_EQ(retry.initial_backoff, absl::Milliseconds(10));
  EXPECT_EQ(retry.max_backoff, absl::Milliseconds(20));
  EXPECT_EQ(retry.budget_tokens, 7);
  EXPECT_THAT(retry.codes, ElementsAre(absl::StatusCode::kUnavailable,
                                       absl::StatusCode::kAborted));
  EXPECT_THAT(retry.idempotent_methods,
              ElementsAre("/users.v1.UsersService/SuspendUser"));
}

TEST_F(ConfigTest, RemoteCallsAreWhatTheChannelHasByDefault) {
  const rpc::RetryOptions retry = ChannelOptionsOf(Load(), "").retry;
  EXPECT_EQ(retry.max_attempts, rpc::RetryOptions().max_attempts);
  EXPECT_EQ(retry.initial_backoff, rpc::RetryOptions().initial_backoff);
  EXPECT_EQ(retry.max_backoff, rpc::RetryOptions().max_backoff);
  EXPECT_EQ(retry.budget_tokens, rpc::RetryOptions().budget_tokens);
  EXPECT_EQ(retry.codes, rpc::RetryOptions().codes);
}

TEST_F(ConfigTest, RemoteCallsAreChecked) {
  Set("remote_calls.retry_codes", "UNAVAILABEL,NOT_FOUND");
  Set("remote_calls.idempotent_methods", "/users.v1.UsersService/GetUser");
  Set("remote_calls.max_backoff", "50ms");
  EXPECT_EQ(Error(),
            "--set remote_calls.retry_codes: remote_calls.retry_codes has "
            "'UNAVAILABEL'; did you mean 'UNAVAILABLE'?\n"
            "--set remote_calls.retry_codes: remote_calls.retry_codes has "
            "'NOT_FOUND'; it has UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, "
            "DEADLINE_EXCEEDED, INTERNAL, UNKNOWN\n"
            "--set remote_calls.idempotent_methods: "
            "remote_calls.idempotent_methods has "
            "'/users.v1.UsersService/GetUser'; write package.Service/Method\n"
            "--set remote_calls.max_backoff: remote_calls.max_backoff must be "
            "at least remote_calls.initial_backoff, 100ms");
}

TEST_F(ConfigTest, ChannelzNeedsTheTransportThatHasIt) {
  Set("grpc.channelz", "true");
  EXPECT_EQ(Error(),
            "--set grpc.channelz: grpc.channelz needs grpc.transport: grpc++");
}

TEST_F(ConfigTest, TheGrpcFaceTakesItsSettings) {
  Set("grpc.host", "::1");
  Set("grpc.port", "7");
  Set("grpc.max_concurrent_streams", "8");
  Set("grpc.max_memory_bytes", "8388608");
  Set("grpc.max_connections", "5");
  Set("grpc.request_timeout", "4s");
  Set("grpc.send_timeout", "6s");
  Set("grpc.keepalive_interval", "0s");
  Set("grpc.channelz", "true");
  Config config;
  EXPECT_EQ(GrpcOptionsOf(config).transport, rpc::Transport::kHttp2);
  config.set_loops(2);
  EXPECT_EQ(GrpcOptionsOf(config).transport, rpc::Transport::kGrpc);
  EXPECT_EQ(GrpcOptionsOf(config).max_connections, 5000u);
  config.mutable_grpc()->set_transport("http2");
  EXPECT_EQ(GrpcOptionsOf(config).transport, rpc::Transport::kHttp2);
  Set("grpc.transport", "grpc++");
  const rpc::ServerOptions options = GrpcOptionsOf(Load());
  EXPECT_EQ(options.transport, rpc::Transport::kGrpc);
  EXPECT_EQ(options.address, "[::1]:7");
  EXPECT_EQ(options.max_concurrent_streams, 8);
  EXPECT_EQ(options.max_memory_bytes, 8u << 20);
  EXPECT_EQ(options.max_connections, 5u);
  EXPECT_EQ(options.request_timeout, absl::Seconds(4));
  EXPECT_EQ(options.send_timeout, absl::Seconds(6));
  EXPECT_EQ(options.keepalive_interval, absl::InfiniteDuration());
  EXPECT_TRUE(options.channelz);
}

TEST_F(ConfigTest, TheGrpcFaceHasRoomForAMessage) {
  Set("grpc.max_memory_bytes", "4194303");
  EXPECT_EQ(Error(),
            "--set grpc.max_memory_bytes: grpc.max_memory_bytes must be at "
            "least grpc.max_message_bytes, 4194304, or 0: no bound");
  Set("grpc.max_memory_bytes", "0");
  EXPECT_EQ(GrpcOptionsOf(Load()).max_memory_bytes, 0u);
}

}  // namespace
}  // namespace millrace::runtime
