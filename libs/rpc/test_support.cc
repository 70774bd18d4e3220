#include "rpc/test_support.h"

#include <cstdlib>

#include "base/strings.h"
#include "contract/invoke.h"

namespace millrace::rpc {
namespace {

// The request lives in the frame until the reply has come.
Promise<EchoReply> CallSay(Channel& channel, EchoRequest request, Call call) {
  co_return co_await CallUnary<EchoReply>(channel, test::SayMethod(), call,
                                          request);
}

Promise<void> WaitAborted(AbortSignal signal, Deferred<EchoReply> reply) {
  Deferred<void> aborted;
  auto subscription = signal.OnAbort([aborted] { aborted.Resolve(); });
  co_await aborted.promise();
  reply.Reject(signal.reason());
}

}  // namespace

Promise<EchoReply> TestEcho::Say(const Call& call, const EchoRequest& request) {
  if (say) return say(call, request);
  return Promise<EchoReply>::Resolve(Reply(request.text()));
}

Stream<EchoReply> TestEcho::Count(const Call& call,
                                  const EchoRequest& request) {
  return count(call, request);
}

Promise<EchoReply> TestEcho::Join(const Call& call,
                                  Stream<EchoRequest> requests) {
  return join(call, std::move(requests));
}

Stream<EchoReply> TestEcho::Talk(const Call& call,
                                 Stream<EchoRequest> requests) {
  return talk(call, std::move(requests));
}

EchoReply Reply(std::string text, int number) {
  EchoReply reply;
  reply.set_text(std::move(text));
  reply.set_number(number);
  return reply;
}

EchoRequest Request(std::string text, int count) {
  EchoRequest request;
  request.set_text(std::move(text));
  request.set_count(count);
  return request;
}

Promise<EchoReply> UntilAborted(AbortSignal signal) {
  Deferred<EchoReply> reply;
  WaitAborted(std::move(signal), reply).Detach();
  return reply.promise();
}

RpcTest::RpcTest() { engine_.emplace(loop_); }

RpcTest::~RpcTest() {
  channel_.reset();
  server_.reset();
  engine_.reset();
  // What the test let go of is told, so that nothing stays suspended.
  loop_.Dispatch([] {});
}

Transport RpcTest::transport() {
  const char* name = std::getenv("MILLRACE_RPC_TRANSPORT");
  return name != nullptr && std::string_view(name) == "grpc"
             ? Transport::kGrpc
             : Transport::kHttp2;
}

void RpcTest::StartServer(ServerOptions options) {
  options.transport = options.channelz ? Transport::kGrpc : transport();
  auto server = Server::Start(*engine_, std::move(options), dispatcher_,
                              logger_, metrics_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

void RpcTest::Connect(ChannelOptions options) {
  if (options.target.empty()) options.target = address();
  channel_ = NewChannel(*engine_, std::move(options));
}

std::string RpcTest::address() const {
  return StrCat("127.0.0.1:", server_->port());
}

void RpcTest::RunUntil(std::function<bool()> done) {
  while (!done()) {
    loop_.SetImmediate([this] { loop_.Stop(); });
    loop_.Run();
  }
}

Promise<EchoReply> RpcTest::Say(EchoRequest request, Call call) {
  return CallSay(*channel_, std::move(request), std::move(call));
}

Stream<EchoReply> RpcTest::Count(EchoRequest request, Call call) {
  return CallServerStream<EchoReply>(*channel_, test::CountMethod(), call,
                                     request);
}

Stream<EchoReply> RpcTest::Talk(Stream<EchoRequest> requests, Call call) {
  return CallBidi<EchoReply>(*channel_, test::TalkMethod(), call,
                             std::move(requests));
}

Promise<EchoReply> RpcTest::Join(Stream<EchoRequest> requests, Call call) {
  return CallClientStream<EchoReply>(*channel_, test::JoinMethod(), call,
                                     std::move(requests));
}

}  // namespace millrace::rpc
