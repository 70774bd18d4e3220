#include "tests/bench/faces/raw_server.h"

#include <grpcpp/generic/async_generic_service.h>
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

struct GenericCall {
  enum class Step { kRequested, kRead, kAnswered };

  GenericCall(grpc::AsyncGenericService* service,
              grpc::ServerCompletionQueue* queue) {
    service->RequestCall(&context, &io, queue, queue, this);
  }

  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter io{&context};
  grpc::ByteBuffer buffer;
  EchoRequest request;
  EchoReply reply;
  Step step = Step::kRequested;
};

// Requests that are posted, and their completions until the process ends.
template <typename Call, typename Service, typename OnCompletion>
void Run(Service& service, grpc::ServerBuilder& builder,
         OnCompletion on_completion) {
  auto queue = builder.AddCompletionQueue();
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  auto server = builder.BuildAndStart();
  TellPort(port);
  for (int i = 0; i < kPosted; ++i) new Call(&service, queue.get());
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    on_completion(static_cast<Call*>(tag), ok, queue.get());
  }
}

}  // namespace

void RunRawServer() {
  RawEcho service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  Run<RawCall>(service, builder,
               [&](RawCall* call, bool ok, grpc::ServerCompletionQueue* queue) {
                 if (call->answered || !ok) {
                   delete call;
                   return;
                 }
                 new RawCall(&service, queue);
                 call->reply.set_text(call->request.text());
                 call->answered = true;
                 call->responder.Finish(call->reply, grpc::Status::OK, call);
               });
}

void RunGenericRawServer() {
  using Step = GenericCall::Step;
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.RegisterAsyncGenericService(&service);
  Run<GenericCall>(
      service, builder,
      [&](GenericCall* call, bool ok, grpc::ServerCompletionQueue* queue) {
        if (!ok || call->step == Step::kAnswered) {
          delete call;
        } else if (call->step == Step::kRequested) {
          new GenericCall(&service, queue);
          call->step = Step::kRead;
          call->io.Read(&call->buffer, call);
        } else {
          grpc::GenericDeserialize<grpc::ProtoBufferReader, EchoRequest>(
              &call->buffer, &call->request);
          call->reply.set_text(call->request.text());
          grpc::ByteBuffer answer;
          bool own = false;
          grpc::GenericSerialize<grpc::ProtoBufferWriter, EchoReply>(
              call->reply, &answer, &own);
          call->step = Step::kAnswered;
          call->io.WriteAndFinish(answer, {}, grpc::Status::OK, call);
        }
      });
}

}  // namespace millrace::bench
