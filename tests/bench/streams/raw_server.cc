#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "millrace/test/echo.pb.h"
#include "tests/bench/streams/servers.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

constexpr int kPosted = 128;

// A call of any kind: takes a request, and says one reply to it. Unary ones end
// with it.
struct RawCall {
  enum class Step { kRequested, kRead, kWritten };

  RawCall(grpc::AsyncGenericService* service,
          grpc::ServerCompletionQueue* queue) {
    service->RequestCall(&context, &io, queue, queue, this);
  }

  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter io{&context};
  grpc::ByteBuffer buffer;
  Step step = Step::kRequested;
};

grpc::ByteBuffer Answer() {
  test::EchoReply reply;
  reply.set_text("hello");
  const grpc::Slice slice(reply.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

void RunRawStreams() {
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  auto queue = builder.AddCompletionQueue();
  builder.RegisterAsyncGenericService(&service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  const auto server = builder.BuildAndStart();
  TellPort(port);
  for (int i = 0; i < kPosted; ++i) new RawCall(&service, queue.get());
  const grpc::ByteBuffer answer = Answer();
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    auto* call = static_cast<RawCall*>(tag);
    if (!ok) {
      delete call;
      continue;
    }
    switch (call->step) {
      case RawCall::Step::kRequested:
        new RawCall(&service, queue.get());
        call->step = RawCall::Step::kRead;
        call->io.Read(&call->buffer, call);
        break;
      case RawCall::Step::kRead:
        call->buffer.Clear();
        call->step = RawCall::Step::kWritten;
        if (call->context.method().ends_with("/Say")) {
          call->io.WriteAndFinish(answer, {}, grpc::Status::OK, call);
        } else {
          call->io.Write(answer, call);
        }
        break;
      case RawCall::Step::kWritten:
        // A stream stays open, and waits for a request that never comes.
        if (call->context.method().ends_with("/Say")) {
          delete call;
        } else {
          call->io.Read(&call->buffer, call);
        }
        break;
    }
  }
}

}  // namespace millrace::bench
