// What a configuration says of calls over gRPC, as libs/rpc takes it. Pure.
#ifndef MILLRACE_RUNTIME_CONFIG_REMOTE_H_
#define MILLRACE_RUNTIME_CONFIG_REMOTE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "rpc/channel.h"
#include "rpc/listener.h"
#include "runtime/config.h"

namespace millrace::runtime {

// "host:port", "[::1]:port".
std::string AddressText(const std::string& host, int port);

// Whether `text` is such an address, of a port that can be called.
bool IsAddress(const std::string& text);

// The names that remote_calls.retry_codes may have.
std::vector<std::string> RetryCodeNames();

// "users.v1.UsersService/GetUser": what remote_calls.idempotent_methods has.
bool IsMethodName(std::string_view text);

// Of a channel to `target`, certificates and metrics aside. `config` was
// validated.
rpc::ChannelOptions ChannelOptionsOf(const Config& config, std::string target);

// Of the gRPC face, certificates aside; the same.
rpc::ServerOptions GrpcOptionsOf(const Config& config);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_REMOTE_H_
