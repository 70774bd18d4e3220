#include "tests/fuzz/grpc/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/strings.h"
#include "contract/dispatcher.h"
#include "loop/event_loop.h"
#include "rpc/http2_connection_internal.h"
#include "rpc/testdata/echo_service.h"
#include "rpc/testdata/frames.h"

namespace millrace::rpc {
namespace {

using fuzz::Demand;
using test::EchoReply;
using test::EchoRequest;

// Small, so that inputs reach them.
constexpr size_t kMaxMessage = 512;
constexpr size_t kMaxMemory = 4096;
constexpr size_t kMostOutput = 1 << 20;

EchoReply Reply(std::string text) {
  EchoReply reply;
  reply.set_text(std::move(text));
  return reply;
}

class Echo final : public test::EchoService {
 public:
  Promise<EchoReply> Say(const Call& call,
                         const EchoRequest& request) override {
    return Answer(call.reply, request.text());
  }
  Stream<EchoReply> Count(const Call& call,
                          const EchoRequest& request) override {
    if (request.count() < 0) call.reply.SendHeaders();
    const auto count = static_cast<size_t>(request.count()) % 8;
    return Stream<EchoReply>::Of(
        std::vector<EchoReply>(count, Reply(request.text())));
  }
  Promise<EchoReply> Join(const Call&, Stream<EchoRequest> requests) override {
    return Joined(std::move(requests));
  }
  Stream<EchoReply> Talk(const Call&, Stream<EchoRequest> requests) override {
    return std::move(requests).Map(
        [](const EchoRequest& request) { return Reply(request.text()); });
  }

 private:
  static Promise<EchoReply> Answer(ReplyMetadata reply, std::string text) {
    if (text == "fail") Throw(absl::AbortedError(std::string(200, '%')));
    static_cast<void>(reply.AddHeader("x-text", text));
    static_cast<void>(reply.AddTrailer("x-text-bin", text));
    co_return Reply(std::move(text));
  }
  static Promise<EchoReply> Joined(Stream<EchoRequest> requests) {
    std::string all;
    while (auto request = co_await requests.Next()) all += request->text();
    co_return Reply(std::move(all));
  }
};

// A socket whose other side is the input.
class Socket final : public TcpConnection {
 public:
  Socket(EventLoop& loop, bool blocks) : loop_(loop), blocks_(blocks) {}

  void OnData(std::function<void(std::string_view)> callback) override {
    on_data_ = std::move(callback);
  }
  void OnEnd(std::function<void()> callback) override {
    on_end_ = std::move(callback);
  }
  void OnClose(std::function<void(const absl::Status&)> callback) override {
    on_close_ = std::move(callback);
  }
  Promise<void> Write(std::string bytes) override {
    if (closed_) {
      return Promise<void>::Reject(absl::UnavailableError("it is closed"));
    }
    output += bytes;
    Demand(output.size() < kMostOutput, "what is said is bounded");
    if (!blocks_) return Promise<void>::Resolve();
    pending_ = kMostOutput;
    return written_.emplace().promise();
  }
  size_t pending_bytes() const override { return pending_; }
  void Pause() override {}
  void Resume() override {}
  void End() override {}
  void Close() override {
    if (std::exchange(closed_, true)) return;
    if (written_) written_->Reject(absl::UnavailableError("it was closed"));
    loop_.SetImmediate([this] {
      const auto callback = std::exchange(on_close_, nullptr);
      if (callback) callback(absl::OkStatus());
    });
  }
  bool closed() const override { return closed_; }
  const std::string& peer() const override { return peer_; }

  void Deliver(std::string_view bytes) {
    if (closed_ || !on_data_) return;
    const auto callback = on_data_;
    loop_.Dispatch([&] { callback(bytes); });
  }
  // The client has read what there was.
  void ReadAll() {
    pending_ = 0;
    if (const auto written = std::exchange(written_, std::nullopt)) {
      loop_.Dispatch([&] { written->Resolve(); });
    }
  }
  void Hang() {
    if (closed_ || !on_end_) return;
    const auto callback = on_end_;
    loop_.Dispatch([&] { callback(); });
  }

  std::string output;

 private:
  EventLoop& loop_;
  const bool blocks_;
  const std::string peer_ = "127.0.0.1:1";
  std::function<void(std::string_view)> on_data_;
  std::function<void()> on_end_;
  std::function<void(const absl::Status&)> on_close_;
  std::optional<Deferred<void>> written_;
  size_t pending_ = 0;
  bool closed_ = false;
};

class Host final : public Http2Host {
 public:
  Host(EventLoop& loop, Dispatcher& dispatcher, Logger& logger,
       Metrics& metrics)
      : loop_(loop),
        calls_(std::make_shared<ServedCalls>(dispatcher, logger, metrics)),
        memory_(kMaxMemory, metrics.AddGauge("m", "")) {
    options_.max_message_bytes = kMaxMessage;
    options_.max_concurrent_streams = 10;
  }

  EventLoop& loop() override { return loop_; }
  const ServerOptions& options() const override { return options_; }
  const std::shared_ptr<ServedCalls>& calls() override { return calls_; }
  Http2Memory& memory() override { return memory_; }
  void Closed(Http2Connection*) override { closed = true; }

  bool closed = false;

 private:
  EventLoop& loop_;
  ServerOptions options_;
  const std::shared_ptr<ServedCalls> calls_;
  Http2Memory memory_;
};

// What an input has left, in the pieces that a step takes.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view Bytes(size_t size) {
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view Counted() { return Bytes(Byte()); }

 private:
  std::string_view bytes_;
};

std::string_view MethodName(int number) {
  constexpr std::string_view kMethods[] = {"Say", "Count", "Join", "Talk",
                                           "None"};
  return kMethods[number % 5];
}

std::string Message(int flag, std::string_view bytes) {
  return StrCat(Number(static_cast<uint64_t>(flag), 1), Number(bytes.size(), 4),
                bytes);
}

struct Do {
  enum Step {
    kCall,         // a byte for the method, then fields as HPACK, counted
    kSay,          // a request with a counted text, and the end
    kMessage,      // a byte for the flag, then a counted message
    kData,         // counted bytes
    kEnd,          // the end of the requests
    kReset,        // four bytes of why
    kWindow,       // four bytes of by how much
    kSettings,     // six bytes of one
    kPing,         //
    kTurn,         // the loop does what it has
    kRead,         // the client reads what was said
    kFrame,        // a byte for the type, one for the flags, a counted payload
    kRaw,          // counted bytes, no frame
    kServerDrain,  //
    kTime,         // the server looks at its clock
    kHangUp,       // the client ends
  };
};

// The next bytes that the client sends; empty when the step sends none.
std::string Sent(int step, uint32_t stream, Input& input) {
  switch (step) {
    case Do::kCall: {
      const std::string headers = CallHeaders(MethodName(input.Byte()));
      return Frame(kHeaders, kEndHeaders, stream,
                   StrCat(headers, input.Counted()));
    }
    case Do::kSay: {
      EchoRequest request;
      const std::string_view text = input.Counted();
      request.set_filler(std::string(text));
      request.set_count(static_cast<int32_t>(text.size()));
      return Frame(kData, kEndStream, stream,
                   Message(0, request.SerializeAsString()));
    }
    case Do::kMessage: {
      const int flag = input.Byte();
      return Frame(kData, 0, stream, Message(flag, input.Counted()));
    }
    case Do::kData:
      return Frame(kData, 0, stream, input.Counted());
    case Do::kEnd:
      return Frame(kData, kEndStream, stream, "");
    case Do::kReset:
      return Frame(kReset, 0, stream, input.Bytes(4));
    case Do::kWindow:
      return Frame(kWindowUpdate, 0, stream > 9 ? 0 : stream, input.Bytes(4));
    case Do::kSettings:
      return Frame(kSettings, 0, 0, input.Bytes(6));
    case Do::kPing:
      return Frame(kPing, 0, 0, "12345678");
    case Do::kFrame: {
      const uint8_t type = input.Byte(), flags = input.Byte();
      return Frame(type, flags, stream, input.Counted());
    }
    case Do::kRaw:
      return std::string(input.Counted());
    default:
      return "";
  }
}

void RunTurns(EventLoop& loop, int turns) {
  while (turns-- > 0) {
    loop.SetImmediate([&loop] { loop.Stop(); });
    loop.Run();
  }
}

// Frames of HTTP/2, the last of which may be cut off by the end.
size_t CheckOutput(std::string_view output, bool ended) {
  size_t frames = 0;
  // Who does not speak HTTP/2 is told in HTTP/1.1, last.
  output = output.substr(0, output.find("HTTP/1.1 400 "));
  while (output.size() >= 9) {
    size_t size = 0;
    for (size_t i = 0; i < 3; ++i) {
      size = size << 8 | static_cast<uint8_t>(output[i]);
    }
    Demand(output[3] >= 0 && output[3] <= 9, "what is said is HTTP/2");
    if (output.size() < 9 + size) break;
    output.remove_prefix(9 + size);
    ++frames;
  }
  Demand(output.empty() || ended, "frames are said whole");
  return frames;
}

}  // namespace

fuzz::Outcome RunInput(std::string_view bytes) {
  if (bytes.empty()) return fuzz::Outcome::kRefused;
  static EventLoop& loop = *new EventLoop;
  static Echo& echo = *new Echo;
  static Dispatcher& dispatcher = *new DirectDispatcher({test::BindEcho(echo)});
  static NullLogger logger;
  static NullMetrics metrics;
  Input input(bytes);
  const uint8_t mode = input.Byte();
  const size_t piece = 1 + mode % 64;
  Host host(loop, dispatcher, logger, metrics);
  const auto socket = std::make_shared<Socket>(loop, mode >= 192);
  auto connection = std::make_shared<Http2Connection>(&host, socket, nullptr);
  const auto send = [&](std::string_view sent) {
    for (; !sent.empty(); sent.remove_prefix(std::min(piece, sent.size()))) {
      socket->Deliver(sent.substr(0, piece));
    }
  };
  loop.Dispatch([&] { connection->Start(); });
  if (mode % 2 == 0) {
    send(StrCat(kPreface, Frame(kSettings, 0, 0)));
  }
  while (!input.empty()) {
    const uint8_t byte = input.Byte();
    const int step = byte % 16;
    send(Sent(step, 2u * (byte / 16) + 1, input));
    if (step == Do::kTurn) RunTurns(loop, 1);
    if (step == Do::kRead) socket->ReadAll();
    if (step == Do::kHangUp) socket->Hang();
    loop.Dispatch([&] {
      if (step == Do::kServerDrain) connection->Drain();
      if (step == Do::kTime) connection->CheckTime();
    });
  }
  for (int i = 0; i < 4; ++i) {
    socket->ReadAll();
    RunTurns(loop, 2);
  }
  const size_t frames = CheckOutput(socket->output, socket->closed());
  loop.Dispatch([&] { connection->Cut(absl::CancelledError("the end")); });
  RunTurns(loop, 3);
  Demand(host.closed, "a connection that was cut is over");
  Demand(host.calls()->count == 0, "calls end with their connection");
  Demand(host.memory().used() == 0, "what calls hold goes with them");
  connection.reset();
  RunTurns(loop, 1);
  return frames > 2 ? fuzz::Outcome::kRead : fuzz::Outcome::kRefused;
}

std::vector<std::string> Seeds() {
  const auto step = [](int what, int stream) {
    return std::string(1, static_cast<char>(stream << 4 | what));
  };
  const auto counted = [](std::string_view bytes) {
    return StrCat(Number(bytes.size(), 1), bytes);
  };
  const auto call = [&](int stream, int method, std::string_view fields = "") {
    return StrCat(step(Do::kCall, stream),
                  Number(static_cast<uint64_t>(method), 1), counted(fields));
  };
  const std::string mode(1, 62);
  std::vector<std::string> seeds;
  for (int method = 0; method < 5; ++method) {
    seeds.push_back(StrCat(mode, call(0, method), step(Do::kSay, 0),
                           counted("hello"), step(Do::kTurn, 0)));
  }
  seeds.push_back(StrCat(mode, call(0, 0, Field("grpc-timeout", "1S")),
                         call(1, 3), step(Do::kMessage, 1), Number(0, 1),
                         counted("\x0a\x01"
                                 "a"),
                         step(Do::kTurn, 0), step(Do::kMessage, 1),
                         Number(0, 1), counted(""), step(Do::kEnd, 1),
                         step(Do::kSay, 0), counted(""), step(Do::kTurn, 0)));
  seeds.push_back(StrCat(mode, call(0, 0, Field("grpc-encoding", "gzip")),
                         step(Do::kMessage, 0), Number(1, 1), counted("gzip?"),
                         step(Do::kEnd, 0)));
  seeds.push_back(StrCat(mode, call(0, 2), step(Do::kReset, 0), Number(8, 4),
                         step(Do::kServerDrain, 0), step(Do::kTurn, 0),
                         step(Do::kFrame, 0), Number(6, 1), Number(1, 1),
                         counted("12345678")));
  seeds.push_back(
      StrCat(std::string(1, '\xfe'), call(0, 1), step(Do::kSettings, 0),
             Number(4, 2), Number(0, 4), step(Do::kSay, 0), counted("7777777"),
             step(Do::kWindow, 0), Number(100, 4), step(Do::kTime, 0),
             step(Do::kRead, 0), step(Do::kTurn, 0)));
  seeds.push_back(StrCat(std::string(1, '\x03'), step(Do::kRaw, 0),
                         counted("GET / HTTP/1.1\r\n\r\n")));
  return seeds;
}

}  // namespace millrace::rpc
