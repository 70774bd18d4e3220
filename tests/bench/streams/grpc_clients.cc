#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "millrace/test/echo.pb.h"
#include "tests/bench/streams/clients.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

grpc::ByteBuffer Request() {
  test::EchoRequest message;
  message.set_text("hello");
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "streams_bench: %s\n", why.c_str());
  std::exit(1);
}

struct OpenStream {
  grpc::ClientContext context;
  grpc::ByteBuffer received;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> io;
  bool begun = false;  // the request was sent
  bool answered = false;
};

}  // namespace

struct GrpcStreams::Impl {
  // One event of the queue. Null tags are unary calls.
  void Step() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue.Next(&tag, &ok)) Die("the queue has ended");
    if (tag == nullptr) {
      replied = true;
      return;
    }
    auto* stream = static_cast<OpenStream*>(tag);
    if (!ok) Die("a stream has ended");
    if (!stream->begun) {
      stream->begun = true;
    } else if (!stream->answered) {
      stream->answered = true;
      ++answered;
    }
    stream->received.Clear();
    stream->io->Read(&stream->received, stream);
  }

  const grpc::ByteBuffer request = Request();
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  std::vector<std::unique_ptr<OpenStream>> streams;
  size_t answered = 0;
  bool replied = false;
};

GrpcStreams::GrpcStreams(const std::string& target, size_t connections)
    : impl_(std::make_unique<Impl>()) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  for (size_t i = 0; i < connections; ++i) {
    impl_->stubs.push_back(
        std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
            target, grpc::InsecureChannelCredentials(), arguments)));
  }
}

GrpcStreams::~GrpcStreams() {
  for (const auto& stream : impl_->streams) stream->context.TryCancel();
  // Each has a read under way, which fails now.
  void* tag = nullptr;
  bool ok = false;
  impl_->queue.Shutdown();
  while (impl_->queue.Next(&tag, &ok)) {
  }
}

void GrpcStreams::Open(size_t count) {
  // As many at a time as do not wait for long in the server's queue.
  constexpr size_t kAtOnce = 64;
  const size_t end = impl_->streams.size() + count;
  while (impl_->answered < end) {
    if (impl_->streams.size() < end &&
        impl_->streams.size() - impl_->answered < kAtOnce) {
      auto stream = std::make_unique<OpenStream>();
      auto& stub = impl_->stubs[impl_->streams.size() % impl_->stubs.size()];
      stream->context.set_initial_metadata_corked(true);
      stream->io = stub->PrepareCall(
          &stream->context, "/millrace.test.Echo/Count", &impl_->queue);
      stream->io->StartCall(nullptr);
      grpc::WriteOptions last;
      last.set_last_message();
      stream->io->Write(impl_->request, last, stream.get());
      impl_->streams.push_back(std::move(stream));
    } else {
      impl_->Step();
    }
  }
}

std::vector<double> GrpcStreams::Call(size_t count) {
  std::vector<double> seconds;
  for (size_t i = 0; i < count; ++i) {
    grpc::ClientContext context;
    grpc::ByteBuffer reply;
    grpc::Status status;
    const auto start = Clock::now();
    const auto reader = impl_->stubs[0]->PrepareUnaryCall(
        &context, "/millrace.test.Echo/Say", impl_->request, &impl_->queue);
    reader->StartCall();
    reader->Finish(&reply, &status, nullptr);
    for (impl_->replied = false; !impl_->replied;) impl_->Step();
    if (!status.ok()) Die("a call has failed: " + status.error_message());
    seconds.push_back(
        std::chrono::duration<double>(Clock::now() - start).count());
  }
  return seconds;
}

}  // namespace millrace::bench
