#include "tests/bench/faces/load.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "millrace/test/echo.pb.h"

namespace millrace::bench {
namespace {

struct Pending {
  grpc::ClientContext context;
  grpc::ByteBuffer reply;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

void Start(grpc::GenericStub& stub, const Load& load,
           const grpc::ByteBuffer& request, grpc::CompletionQueue* queue) {
  auto* call = new Pending;
  if (!load.token.empty()) {
    call->context.AddMetadata("authorization", "Bearer " + load.token);
    call->context.AddMetadata(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  }
  call->reader =
      stub.PrepareUnaryCall(&call->context, load.path, request, queue);
  call->reader->StartCall();
  call->reader->Finish(&call->reply, &call->status, call);
}

}  // namespace

LoadResult RunLoad(const Load& load) {
  using Clock = std::chrono::steady_clock;
  const grpc::Slice bytes(load.request);
  const grpc::ByteBuffer request(&bytes, 1);
  grpc::GenericStub stub(
      grpc::CreateChannel(load.target, grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  for (int i = 0; i < load.in_flight; ++i) Start(stub, load, request, &queue);

  LoadResult result;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(load.seconds);
  int running = load.in_flight;
  void* tag = nullptr;
  bool ok = false;
  while (running > 0 && queue.Next(&tag, &ok)) {
    std::unique_ptr<Pending> call(static_cast<Pending*>(tag));
    if (!call->status.ok()) {
      std::fprintf(stderr, "call failed: %s\n",
                   call->status.error_message().c_str());
      std::exit(1);
    }
    ++result.calls;
    if (result.calls + running <= load.calls && Clock::now() < end) {
      Start(stub, load, request, &queue);
    } else {
      --running;
    }
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return result;
}

std::string EchoRequestBytes() {
  test::EchoRequest message;
  message.set_text(std::string(100, 'x'));
  return message.SerializeAsString();
}

}  // namespace millrace::bench
