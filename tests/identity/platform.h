// Two processes in one: the users service, which issues tokens, with or without
// the platform's other services; and another service that knows the issuer by
// its URL alone.
#ifndef MILLRACE_TESTS_IDENTITY_PLATFORM_H_
#define MILLRACE_TESTS_IDENTITY_PLATFORM_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "loop/event_loop.h"
#include "runtime/host.h"
#include "runtime/test_support.h"
#include "tokens/claims.h"
#include "tokens/key.h"

namespace millrace::testing {

class Platform {
 public:
  // The users service, which everybody may call.
  Platform();
  // All services of the platform, whose contracts are held to.
  static std::unique_ptr<Platform> WithAccess();
  ~Platform();

  EventLoop& loop() { return loop_; }
  runtime::Host& users() { return *users_; }
  // Started when it is first asked for. A loop waits for the gRPC of one host
  // only: this one is to be called over HTTP.
  runtime::Host& greeter();
  runtime::MemoryLogger& log() { return logger_; }

  // A call by JSON over HTTP or by gRPC, with 'authorization: Bearer TOKEN'
  // unless the token is empty. The code of the answer.
  absl::StatusCode Http(runtime::Host& host, const std::string& method,
                        const std::string& json, const std::string& token);
  // A stream that has begun to answer is one that was let in: OK. One that does
  // neither answer nor end is DEADLINE_EXCEEDED.
  absl::StatusCode Grpc(runtime::Host& host, const std::string& method,
                        const std::string& bytes, const std::string& token,
                        absl::Duration timeout = absl::Seconds(20));
  // The whole of the answer to a GET.
  std::string Get(runtime::Host& host, const std::string& path);

  // The key that the users service signs with.
  tokens::Key SigningKey();
  // Of somebody whom it would issue a token now.
  static tokens::Claims GoodClaims();
  // Tokens that are not good, by what is wrong.
  std::map<std::string, std::string> BadTokens();

 private:
  Platform(runtime::Config config, std::vector<runtime::ModuleFactory> modules);
  std::unique_ptr<runtime::Host> Start(
      runtime::Config config, std::vector<runtime::ModuleFactory> modules);

  runtime::ScratchDir dir_;
  EventLoop loop_;
  runtime::PrometheusMetrics metrics_;
  runtime::PrometheusMetrics greeter_metrics_;
  runtime::MemoryLogger logger_;
  std::unique_ptr<runtime::Host> users_;
  std::unique_ptr<runtime::Host> greeter_;
};

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_IDENTITY_PLATFORM_H_
