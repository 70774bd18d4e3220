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

using Clock = std::chrono::steady_clock;

struct Pending {
  Clock::time_point start = Clock::now();
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
  const grpc::Slice bytes(load.request);
  const grpc::ByteBuffer same(&bytes, 1);
  int64_t started = 0;
  const auto start_next = [&](grpc::GenericStub& stub,
                              grpc::CompletionQueue* queue) {
    const int64_t number = started++;
    if (!load.make_request) return Start(stub, load, same, queue);
    const grpc::Slice made(load.make_request(number));
    Start(stub, load, grpc::ByteBuffer(&made, 1), queue);
  };
  const auto channel =
      grpc::CreateChannel(load.target, grpc::InsecureChannelCredentials());
  channel->WaitForConnected(std::chrono::system_clock::now() +
                            std::chrono::seconds(10));
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  LoadResult result;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(load.seconds);
  int running = load.in_flight;
  for (int i = 0; i < running; ++i) start_next(stub, &queue);
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
    const auto now = Clock::now();
    if (load.keep_latencies) {
      result.latencies.push_back(
          std::chrono::duration<double>(now - call->start).count());
    }
    if (result.calls + running <= load.calls && now < end) {
      start_next(stub, &queue);
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
