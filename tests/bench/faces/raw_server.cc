#include "tests/bench/faces/raw_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>

#include <memory>

#include "millrace/test/echo.pb.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

using test::EchoReply;
using test::EchoRequest;

constexpr int kPosted = 128;

class RawEcho : public grpc::Service {
 public:
  RawEcho() {
    AddMethod(new grpc::internal::RpcServiceMethod(
        "/millrace.test.Echo/Say", grpc::internal::RpcMethod::NORMAL_RPC,
        nullptr));
    MarkMethodAsync(0);
  }
  using grpc::Service::RequestAsyncUnary;
};

struct RawCall {
  RawCall(RawEcho* service, grpc::ServerCompletionQueue* queue) {
    service->RequestAsyncUnary(0, &context, &request, &responder, queue, queue,
                               this);
  }

  grpc::ServerContext context;
  EchoRequest request;
  EchoReply reply;
  grpc::ServerAsyncResponseWriter<EchoReply> responder{&context};
  bool answered = false;
};

}  // namespace

void RunRawServer() {
  RawEcho service;
  grpc::ServerBuilder builder;
  auto queue = builder.AddCompletionQueue();
  builder.RegisterService(&service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  auto server = builder.BuildAndStart();
  TellPort(port);
  for (int i = 0; i < kPosted; ++i) new RawCall(&service, queue.get());
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    auto* call = static_cast<RawCall*>(tag);
    if (call->answered || !ok) {
      delete call;
      continue;
    }
    new RawCall(&service, queue.get());
    call->reply.set_text(call->request.text());
    call->answered = true;
    call->responder.Finish(call->reply, grpc::Status::OK, call);
  }
}

}  // namespace millrace::bench
