#include "load.h"

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

void Start(grpc::GenericStub& stub, const std::string& path,
           const grpc::ByteBuffer& request, grpc::CompletionQueue* queue) {
  auto* call = new Pending;
  call->reader = stub.PrepareUnaryCall(&call->context, path, request, queue);
  call->reader->StartCall();
  call->reader->Finish(&call->reply, &call->status, call);
}

}  // namespace

LoadResult RunLoad(const std::string& target, const LoadCall& load,
                   int in_flight, double seconds) {
  using Clock = std::chrono::steady_clock;
  const grpc::Slice bytes(load.request);
  const grpc::ByteBuffer request(&bytes, 1);
  grpc::GenericStub stub(
      grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  for (int i = 0; i < in_flight; ++i) Start(stub, load.path, request, &queue);

  LoadResult result;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  int running = in_flight;
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
    if (Clock::now() < end) {
      Start(stub, load.path, request, &queue);
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

LoadResult RunLoad(const std::string& target, int in_flight, double seconds) {
  test::EchoRequest message;
  message.set_text(std::string(100, 'x'));
  return RunLoad(target,
                 {.path = "/millrace.test.Echo/Say",
                  .request = message.SerializeAsString()},
                 in_flight, seconds);
}

}  // namespace millrace::bench
