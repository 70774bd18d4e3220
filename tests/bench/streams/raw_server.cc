#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "millrace/test/echo.pb.h"
#include "tests/bench/streams/servers.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

constexpr int kPosted = 128;

// A call of any kind: takes a request, and says one reply to it. Unary ones end
// with it; streams stay open, with what it takes to write to them.
struct RawCall {
  enum class Step { kRequested, kRead, kAnswered, kOpen };

  RawCall(grpc::AsyncGenericService* service,
          grpc::ServerCompletionQueue* queue) {
    service->RequestCall(&context, &io, queue, queue, this);
  }
  bool unary() const { return context.method().ends_with("/Say"); }

  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter io{&context};
  grpc::ByteBuffer buffer;
  Step step = Step::kRequested;
  bool writing = false;
};

grpc::ByteBuffer Answer() {
  test::EchoReply reply;
  reply.set_text("hello");
  const grpc::Slice slice(reply.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// The open streams, which are sent something in turns.
class Broadcast {
 public:
  explicit Broadcast(grpc::CompletionQueue* queue) : queue_(queue) { Sleep(); }

  void Add(RawCall* call) { calls_.push_back(call); }

  // The alarm's tag, which is null, has come.
  void Tick() {
    for (int i = 0; i < kPerTick && !calls_.empty(); ++i) {
      next_ = (next_ + 1) % calls_.size();
      RawCall* const call = calls_[next_];
      if (call->writing) continue;
      call->writing = true;
      call->io.Write(answer_, call);
    }
    Sleep();
  }

  const grpc::ByteBuffer& answer() const { return answer_; }

 private:
  void Sleep() {
    alarm_.Set(queue_, std::chrono::system_clock::now() + kTick, nullptr);
  }

  grpc::CompletionQueue* const queue_;
  const grpc::ByteBuffer answer_ = Answer();
  grpc::Alarm alarm_;
  std::vector<RawCall*> calls_;
  size_t next_ = 0;
};

void Step(RawCall* call, Broadcast& broadcast) {
  switch (call->step) {
    case RawCall::Step::kRequested:
      call->step = RawCall::Step::kRead;
      call->io.Read(&call->buffer, call);
      break;
    case RawCall::Step::kRead:
      call->buffer.Clear();
      call->step = RawCall::Step::kAnswered;
      if (call->unary()) {
        call->io.WriteAndFinish(broadcast.answer(), {}, grpc::Status::OK, call);
      } else {
        call->io.Write(broadcast.answer(), call);
      }
      break;
    case RawCall::Step::kAnswered:
      if (call->unary()) {
        delete call;
      } else {
        call->step = RawCall::Step::kOpen;
        broadcast.Add(call);
      }
      break;
    case RawCall::Step::kOpen:
      call->writing = false;
      break;
  }
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
  Broadcast broadcast(queue.get());
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    auto* call = static_cast<RawCall*>(tag);
    if (call == nullptr) {
      broadcast.Tick();
      continue;
    }
    // Clients stay until the server is killed, but for one that only warms up.
    if (!ok) continue;
    if (call->step == RawCall::Step::kRequested) {
      new RawCall(&service, queue.get());
    }
    Step(call, broadcast);
  }
}

}  // namespace millrace::bench
