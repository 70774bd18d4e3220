#include "tests/fuzz/connect/run.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "base/status.h"
#include "base/strings.h"
#include "contract/dispatcher.h"
#include "contract/json_check.h"
#include "http/connect.h"
#include "http/envelope.h"
#include "http/gzip.h"
#include "http/status_mapping.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "rpc/testdata/echo_service.h"

namespace millrace::http {
namespace {

using fuzz::Demand;
using fuzz::Outcome;
using test::EchoReply;
using test::EchoRequest;

constexpr size_t kMaxMessage = 16 << 10;
constexpr size_t kMostReplies = 5;

// What the first byte chooses.
enum class Kind { kUnary, kGet, kCount, kJoin, kTalk, kEvents };
constexpr int kKinds = 6;

// What the bits of the second byte choose.
constexpr int kProto = 1;
constexpr int kGzip = 2;
constexpr int kTakesGzip = 4;
constexpr int kHeaderShift = 3;
// For what no mutation makes: the target compresses what is said to be
// compressed, and writes the sizes of frames, of which an input then has the
// flags, the size in one byte, and the message.
constexpr int kPacked = 64;
constexpr int kFramed = 128;
// Which header the value is for.
constexpr std::array<std::string_view, 8> kHeaders = {
    "Connect-Timeout-Ms", "Connect-Protocol-Version",
    "Accept-Encoding",    "traceparent",
    "x-data-bin",         "Content-Encoding",
    "Content-Type",       "Connect-Content-Encoding"};

EchoReply ReplyTo(const EchoRequest& request) {
  EchoReply reply;
  reply.set_text(request.text());
  reply.set_number(request.count());
  reply.set_filler(request.filler());
  return reply;
}

class Echo final : public test::EchoService {
 public:
  Promise<EchoReply> Say(const Call&, const EchoRequest& request) override {
    if (request.text() == "fail") Throw(absl::NotFoundError("there is none"));
    co_return ReplyTo(request);
  }
  Stream<EchoReply> Count(const Call&, const EchoRequest& request) override {
    const int count = std::clamp<int>(request.count(), 0, kMostReplies);
    return Stream<EchoReply>::Of(
        std::vector<EchoReply>(static_cast<size_t>(count), ReplyTo(request)));
  }
  Promise<EchoReply> Join(const Call&, Stream<EchoRequest> requests) override {
    EchoReply reply;
    while (const auto request = co_await requests.Next()) {
      reply.set_number(reply.number() + 1);
    }
    co_return reply;
  }
  Stream<EchoReply> Talk(const Call&, Stream<EchoRequest> requests) override {
    return std::move(requests).Map(
        [](const EchoRequest& request) { return ReplyTo(request); });
  }
};

// Everything that is served, and the loop that serves it.
struct Face {
  Face() {
    methods = {test::SayMethod(), test::CountMethod(), test::JoinMethod(),
               test::TalkMethod()};
    methods[0].no_side_effects = true;
    info = {"millrace.test.Echo", methods, test::EchoService::Info().file};
    dispatcher.emplace(std::vector<ServiceBinding>{
        {&info, static_cast<test::EchoService*>(&echo)}});
    MountRpc(router, *dispatcher,
             {.max_message_bytes = kMaxMessage, .compress_from_bytes = 64});
  }

  EventLoop loop;
  Echo echo;
  std::array<MethodInfo, 4> methods;
  ServiceInfo info;
  std::optional<DirectDispatcher> dispatcher;
  Router router;
};

struct Answer {
  Response head;
  std::string body;
};

Promise<void> Ask(const Router& router, Request request,
                  std::optional<Answer>* answer) {
  Answer got;
  auto response = co_await AsStatusOr(router.Route(std::move(request)));
  if (!response.ok()) {
    got.head = ErrorResponse(response.status());
  } else {
    got.head = *std::move(response);
  }
  if (auto* whole = std::get_if<std::string>(&got.head.body)) {
    got.body = std::move(*whole);
  } else {
    auto& stream = std::get<Stream<std::string>>(got.head.body);
    while (auto piece = co_await stream.Next()) got.body += *piece;
  }
  *answer = std::move(got);
}

bool IsJson(std::string_view text) {
  return CheckJson(text, {.allow_nul = true}).ok();
}

Outcome CheckUnary(const Answer& answer) {
  const int status = answer.head.status;
  std::string body = answer.body;
  if (answer.head.headers.Get("Content-Encoding") == "gzip") {
    const auto expanded = Gunzip(body, 16 * kMaxMessage);
    Demand(expanded.ok(), "what is compressed can be expanded");
    body = *expanded;
  }
  if (status != 200) {
    Demand(status >= 400 && status < 600 && status != 500,
           "what a client sends is no error of the server");
    Demand(IsJson(body), "an error is JSON");
    return Outcome::kRefused;
  }
  const bool json =
      answer.head.headers.Get("Content-Type") == "application/json";
  Demand(!json || IsJson(body), "an answer is JSON");
  return Outcome::kRead;
}

Outcome CheckStream(const Answer& answer) {
  if (answer.head.status != 200) return CheckUnary(answer);
  std::string_view rest = answer.body;
  for (size_t number = 1; !rest.empty(); ++number) {
    Demand(rest.size() >= 5, "a frame has flags and a size");
    if (static_cast<uint8_t>(rest[0]) == kEnvelopeEnd) break;
    Demand(TakeEnvelope(&rest, number).ok(), "frames are whole");
  }
  Demand(!rest.empty(), "a stream has an end");
  std::string end(rest);
  end[0] = 0;
  rest = end;
  const auto last = TakeEnvelope(&rest, 1);
  Demand(last.ok() && rest.empty() && IsJson(last->message),
         "the last frame is JSON");
  return last->message.find("\"error\":") == last->message.npos
             ? Outcome::kRead
             : Outcome::kRefused;
}

Outcome CheckEvents(const Answer& answer) {
  if (answer.head.status != 200) return CheckUnary(answer);
  const std::string_view body = answer.body;
  Demand(body.ends_with("\n\n"), "events are whole");
  if (body.ends_with("event: end\ndata: {}\n\n")) return Outcome::kRead;
  Demand(body.find("event: error\n") != body.npos, "a stream has an end");
  return Outcome::kRefused;
}

std::string FramesOf(std::string_view pieces, bool pack) {
  std::string body;
  while (pieces.size() >= 2) {
    const auto flags = static_cast<uint8_t>(pieces[0]);
    const std::string_view message =
        pieces.substr(2, static_cast<uint8_t>(pieces[1]));
    body += Envelope(flags, pack && flags == kEnvelopeCompressed
                                ? Gzip(message)
                                : std::string(message));
    pieces.remove_prefix(2 + message.size());
  }
  return body;
}

std::string BodyOf(std::string_view bytes, bool streams, int flags) {
  const bool pack = (flags & kPacked) != 0;
  if (streams && (flags & kFramed) != 0) return FramesOf(bytes, pack);
  return pack ? Gzip(bytes) : std::string(bytes);
}

Request MakeRequest(Kind kind, int flags, std::string_view rest) {
  Request request;
  request.method = kind == Kind::kGet ? "GET" : "POST";
  request.peer = "127.0.0.1:40000";
  const bool streams =
      kind == Kind::kCount || kind == Kind::kJoin || kind == Kind::kTalk;
  switch (kind) {
    case Kind::kUnary:
    case Kind::kGet:
      request.path = test::SayMethod().path;
      break;
    case Kind::kCount:
    case Kind::kEvents:
      request.path = test::CountMethod().path;
      break;
    case Kind::kJoin:
      request.path = test::JoinMethod().path;
      break;
    case Kind::kTalk:
      request.path = test::TalkMethod().path;
      break;
  }
  if (kind == Kind::kGet) {
    request.query = std::string(rest);
    return request;
  }
  const size_t line = std::min(rest.find('\n'), rest.size());
  request.body =
      BodyOf(rest.substr(std::min(line + 1, rest.size())), streams, flags);
  std::string value;
  for (const char c : rest.substr(0, line)) {
    if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') value += c;
  }
  const std::string codec = (flags & kProto) != 0 ? "proto" : "json";
  request.headers.Add("Content-Type",
                      StrCat("application/", streams ? "connect+" : "", codec));
  if ((flags & kGzip) != 0) {
    request.headers.Add(
        streams ? "Connect-Content-Encoding" : "Content-Encoding", "gzip");
  }
  if ((flags & kTakesGzip) != 0) {
    request.headers.Add(streams ? "Connect-Accept-Encoding" : "Accept-Encoding",
                        "gzip");
  }
  if (kind == Kind::kEvents) request.headers.Add("Accept", "text/event-stream");
  if (!value.empty())
    request.headers.Set(kHeaders[flags >> kHeaderShift & 7], value);
  return request;
}

}  // namespace

Outcome RunInput(std::string_view input) {
  if (input.size() < 2) return Outcome::kRefused;
  static Face* const kFace = new Face;
  const auto kind = static_cast<Kind>(static_cast<uint8_t>(input[0]) % kKinds);
  const auto flags = static_cast<uint8_t>(input[1]);
  std::optional<Answer> answer;
  kFace->loop.Dispatch([&] {
    Ask(kFace->router, MakeRequest(kind, flags, input.substr(2)), &answer)
        .Detach();
  });
  if (!answer) kFace->loop.Run();
  Demand(answer.has_value(), "every call is answered");
  if (kind == Kind::kUnary || kind == Kind::kGet) return CheckUnary(*answer);
  if (kind == Kind::kEvents) return CheckEvents(*answer);
  return CheckStream(*answer);
}

std::vector<std::string> Seeds() {
  const auto seed = [](Kind kind, int flags, std::string_view rest) {
    return StrCat(std::string(1, static_cast<char>(kind)),
                  std::string(1, static_cast<char>(flags)), rest);
  };
  const auto piece = [](uint8_t flags, const std::string& message) {
    return StrCat(std::string(1, static_cast<char>(flags)),
                  std::string(1, static_cast<char>(message.size())), message);
  };
  EchoRequest message;
  message.set_text("hello");
  message.set_count(3);
  message.set_filler(std::string(200, 'x'));
  const std::string bytes = message.SerializeAsString();
  const std::string json = R"({"text":"hello","count":3,"filler":"eHh4"})";
  const std::string two = Envelope(0, json) + Envelope(0, "{}");
  return {
      seed(Kind::kUnary, 0, "1000\n" + json),
      seed(Kind::kUnary, kProto | kTakesGzip, "\n" + bytes),
      seed(Kind::kUnary, kGzip | 1 << kHeaderShift, "1\n" + Gzip(json)),
      seed(Kind::kUnary, 0, "\n{\"text\":\"fail\"}"),
      seed(Kind::kGet, 0, "encoding=json&connect=v1&message=%7B%7D"),
      seed(Kind::kGet, 0, "encoding=proto&base64=1&message=CgVoZWxsbw"),
      seed(Kind::kCount, kTakesGzip, "\n" + Envelope(0, json)),
      seed(Kind::kCount, kProto | kGzip,
           "\n" + Envelope(kEnvelopeCompressed, Gzip(bytes))),
      seed(Kind::kJoin, 4 << kHeaderShift, "AQID\n" + two),
      seed(Kind::kJoin, kProto, "\n" + Envelope(0, bytes) + Envelope(0, "")),
      seed(Kind::kTalk, kGzip | kTakesGzip,
           "\n" + Envelope(kEnvelopeCompressed, Gzip(json)) + two),
      seed(Kind::kTalk, 0, "\n" + Envelope(kEnvelopeEnd, "{}")),
      seed(Kind::kUnary, kGzip | kPacked, "\n" + json),
      seed(Kind::kCount, kFramed, "\n" + piece(0, json)),
      seed(Kind::kTalk, kFramed | kPacked | kGzip,
           "\n" + piece(kEnvelopeCompressed, json) + piece(0, "{}")),
      seed(Kind::kJoin, kFramed | kPacked | kGzip | kProto,
           "\n" + piece(kEnvelopeCompressed, bytes) + piece(0, bytes)),
      seed(Kind::kEvents, 3 << kHeaderShift, "00-11-22-01\n" + json),
  };
}

}  // namespace millrace::http
