// A server and a channel to it on one loop, for the tests of rpc.
#ifndef MILLRACE_RPC_TEST_SUPPORT_H_
#define MILLRACE_RPC_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "contract/dispatcher.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "rpc/channel.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "rpc/testdata/echo_service.h"

namespace millrace::rpc {

using test::EchoReply;
using test::EchoRequest;

// Does what each test sets; says its input by default.
class TestEcho final : public test::EchoService {
 public:
  std::function<Promise<EchoReply>(Call, EchoRequest)> say;
  std::function<Stream<EchoReply>(Call, EchoRequest)> count;
  std::function<Promise<EchoReply>(Call, Stream<EchoRequest>)> join;
  std::function<Stream<EchoReply>(Call, Stream<EchoRequest>)> talk;

  Promise<EchoReply> Say(const Call& call, const EchoRequest& request) override;
  Stream<EchoReply> Count(const Call& call,
                          const EchoRequest& request) override;
  Promise<EchoReply> Join(const Call& call,
                          Stream<EchoRequest> requests) override;
  Stream<EchoReply> Talk(const Call& call,
                         Stream<EchoRequest> requests) override;
};

EchoReply Reply(std::string text, int number = 0);
EchoRequest Request(std::string text, int count = 0);

// A promise that waits until `signal` aborts and rejects with its reason.
Promise<EchoReply> UntilAborted(AbortSignal signal);

template <typename T>
Promise<void> Store(EventLoop& loop, Promise<T> promise,
                    std::optional<StatusOrVoid<T>>* result) {
  *result = co_await AsStatusOr(std::move(promise));
  loop.Stop();
}

class RpcTest : public testing::Test {
 protected:
  RpcTest();
  ~RpcTest() override;

  // Of the servers of this run: MILLRACE_RPC_TRANSPORT=grpc is kGrpc.
  static Transport transport();
  // With that transport; with channelz it is kGrpc.
  void StartServer(ServerOptions options = {});
  // To the server, unless the options name a target.
  void Connect(ChannelOptions options = {});
  std::string address() const;

  // Runs the loop until the promise settles.
  template <typename T>
  StatusOrVoid<T> Await(Promise<T> promise) {
    std::optional<StatusOrVoid<T>> result;
    Store(loop_, std::move(promise), &result).Detach();
    if (!result.has_value()) loop_.Run();
    if (!result.has_value()) {
      return absl::InternalError("the loop ended, the promise did not settle");
    }
    return *std::move(result);
  }
  // Runs the loop until `done`, which something else makes true.
  void RunUntil(std::function<bool()> done);

  Promise<EchoReply> Say(EchoRequest request, Call call = {});
  Stream<EchoReply> Count(EchoRequest request, Call call = {});
  Stream<EchoReply> Talk(Stream<EchoRequest> requests, Call call = {});
  Promise<EchoReply> Join(Stream<EchoRequest> requests, Call call = {});

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  TestEcho echo_;
  DirectDispatcher dispatcher_{{test::BindEcho(echo_)}};
  std::optional<Engine> engine_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_TEST_SUPPORT_H_
