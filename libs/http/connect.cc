#include "http/connect.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "http/connect_request.h"
#include "http/connect_resume.h"
#include "http/connect_stream.h"
#include "http/envelope.h"
#include "http/gzip.h"
#include "http/reply_fields.h"
#include "http/sse.h"
#include "http/status_mapping.h"
#include "loop/event_loop.h"

namespace millrace::http {
namespace {

constexpr std::string_view kUnary = "application/";
constexpr std::string_view kStreaming = "application/connect+";

// When the head of a stream's response is sent, though neither an answer has
// come nor the handler has asked: clients and proxies wait for it.
constexpr absl::Duration kSilence = absl::Milliseconds(100);

Promise<Response> Answer(Response response) {
  return Promise<Response>::Resolve(std::move(response));
}

Response UnsupportedType(const Request& request, std::string_view accepted) {
  const std::string_view got = request.headers.Get("Content-Type");
  Response response =
      ErrorResponse(415, CodeForHttp(415),
                    StrCat("the content type ", got.empty() ? "(none)" : got,
                           " is not taken here; use ", accepted));
  response.headers.Add("Accept-Post", accepted);
  return response;
}

bool WantsEvents(const Request& request) {
  for (const auto [name, value] : request.headers) {
    if (!EqualsIgnoreCase(name, "Accept")) continue;
    if (ListHas(value, "text/event-stream")) return true;
  }
  return false;
}

// Compresses the body of `response` if the client takes it.
void Compress(bool wanted, const RpcOptions& options, Response* response) {
  auto& body = std::get<std::string>(response->body);
  if (!wanted || !WorthGzip(body.size(), options.compress_from_bytes)) return;
  body = Gzip(body);
  response->headers.Add("Content-Encoding", "gzip");
}

// What a call of a single request message asks for.
struct Single {
  IncomingCall call;
  MessagePtr message;
  Codec codec = Codec::kJson;
  bool takes_gzip = false;
  bool is_get = false;
};

// A unary call. `dispatcher` outlives it.
Promise<Response> CallUnary(Dispatcher& dispatcher, Single single,
                            RpcOptions options) {
  const ReplyMetadata reply = single.call.reply;
  Response response;
  std::exception_ptr failure;
  try {
    const MessagePtr answer = co_await dispatcher.Unary(
        std::move(single.call), std::move(single.message));
    response.headers.Add("Content-Type", ContentType(single.codec, kUnary));
    response.body = ValueOrThrow(Encode(single.codec, *answer));
    if (single.is_get) response.headers.Add("Vary", "Accept-Encoding");
    Compress(single.takes_gzip, options, &response);
  } catch (...) {
    failure = std::current_exception();
  }
  const Metadata headers = reply.TakeHeaders();
  const Metadata trailers = reply.TakeTrailers();
  if (failure != nullptr) {
    // Without more to say the connection answers it, and logs it if need be.
    if (headers.empty() && trailers.empty()) std::rethrow_exception(failure);
    response = ErrorResponse(StatusFrom(failure));
  }
  AddFields(headers, "", &response.headers);
  AddFields(trailers, "trailer-", &response.headers);
  co_return response;
}

absl::StatusOr<Single> ReadSingle(const Target& target, Request& request,
                                  Codec codec, const RpcOptions& options) {
  Single single;
  single.codec = codec;
  single.takes_gzip = TakesGzip(request.headers.GetJoined("Accept-Encoding"));
  single.is_get = request.method != "POST";
  absl::StatusOr<IncomingCall> call = ToIncoming(target, request);
  if (!call.ok()) return call.status();
  single.call = *std::move(call);
  absl::StatusOr<MessagePtr> message;
  if (single.is_get) {
    message = DecodeQuery(*target.method, request.query,
                          options.max_message_bytes, &single.codec);
  } else {
    const absl::StatusOr<Coding> coding =
        CodingOf(request.headers.Get("Content-Encoding"));
    if (!coding.ok()) return coding.status();
    const absl::StatusOr<std::string> body =
        Expand(*coding, std::move(request.body), options.max_message_bytes);
    if (!body.ok()) return body.status();
    message = Decode(*target.method, codec, *body);
  }
  if (!message.ok()) return message.status();
  single.message = *std::move(message);
  return single;
}

Promise<Response> ServeUnary(Dispatcher& dispatcher, const Target& target,
                             const RpcOptions& options, Request request) {
  Codec codec = Codec::kJson;
  if (request.method == "POST") {
    const auto named = CodecOf(request.headers.Get("Content-Type"), kUnary);
    if (!named) {
      return Answer(
          UnsupportedType(request, "application/json, application/proto"));
    }
    codec = *named;
  }
  absl::StatusOr<Single> single = ReadSingle(target, request, codec, options);
  if (!single.ok()) return Answer(ErrorResponse(single.status()));
  return CallUnary(dispatcher, *std::move(single), options);
}

Promise<Response> ServeEvents(Dispatcher& dispatcher, const Target& target,
                              const RpcOptions& options, Request request) {
  if (target.method->kind != MethodKind::kServerStream) {
    return Answer(ErrorResponse(absl::UnimplementedError(
        StrCat(target.method->path,
               " takes a stream; only answers can come as events"))));
  }
  const std::string_view type = request.headers.Get("Content-Type");
  const auto codec = request.method == "POST" ? CodecOf(type, kUnary)
                                              : std::optional(Codec::kJson);
  if (!codec) {
    return Answer(
        UnsupportedType(request, "application/json, application/proto"));
  }
  absl::StatusOr<Single> single = ReadSingle(target, request, *codec, options);
  if (!single.ok()) return Answer(ErrorResponse(single.status()));
  const bool can_go_on = CanGoOn(*target.method);
  if (can_go_on) SetAfter(request, single->message.get());
  std::vector<MessagePtr> requests;
  requests.push_back(std::move(single->message));
  Stream<MessagePtr> answers = dispatcher.Streaming(
      std::move(single->call), Stream<MessagePtr>::Of(std::move(requests)));
  return Answer(SseResponse(ToEvents(std::move(answers), can_go_on)));
}

// A streaming call, from its requests to the head of its response. `dispatcher`
// outlives it; it never rejects.
Promise<Response> CallStream(Dispatcher& dispatcher, IncomingCall call,
                             Stream<MessagePtr> requests, EnvelopeForm form) {
  const ReplyMetadata reply = call.reply;
  Deferred<void> head_due;
  reply.OnSendHeaders([head_due] { head_due.Resolve(); });
  Timer silence = EventLoop::Current()->SetTimeout(
      kSilence, [head_due] { head_due.Resolve(); });
  Envelopes envelopes = ToEnvelopes(
      dispatcher.Streaming(std::move(call), std::move(requests)), form, reply);
  const Promise<void> begun =
      envelopes.begun.Then([head_due] { head_due.Resolve(); });
  co_await head_due.promise();
  silence.Clear();
  Response response;
  response.headers.Add("Content-Type", ContentType(form.codec, kStreaming));
  if (form.gzip) response.headers.Add("Connect-Content-Encoding", "gzip");
  AddFields(reply.TakeHeaders(), "", &response.headers);
  response.body = std::move(envelopes.body);
  co_return response;
}

absl::StatusOr<Stream<MessagePtr>> ReadStream(const Target& target,
                                              Request& request, Codec codec,
                                              const RpcOptions& options) {
  const absl::StatusOr<Coding> whole =
      CodingOf(request.headers.Get("Content-Encoding"));
  const absl::StatusOr<Coding> coding =
      CodingOf(request.headers.Get("Connect-Content-Encoding"));
  if (!coding.ok()) return coding.status();
  if (!whole.ok() || *whole != Coding::kIdentity) {
    return absl::UnimplementedError(
        "the body of a stream is not compressed as a whole, but by message: "
        "see Connect-Content-Encoding");
  }
  return DecodeEnvelopes(*target.method, codec, *coding,
                         options.max_message_bytes, std::move(request.body));
}

// Errors are in the body's last envelope, under 200, once the content type is
// known.
Promise<Response> ServeStream(Dispatcher& dispatcher, const Target& target,
                              const RpcOptions& options, Request request) {
  if (WantsEvents(request)) {
    return ServeEvents(dispatcher, target, options, std::move(request));
  }
  const auto codec = CodecOf(request.headers.Get("Content-Type"), kStreaming);
  if (!codec) {
    return Answer(UnsupportedType(
        request,
        "application/connect+json, application/connect+proto, or "
        "application/json with Accept: text/event-stream"));
  }
  absl::StatusOr<IncomingCall> call = ToIncoming(target, request);
  absl::StatusOr<Stream<MessagePtr>> requests =
      ReadStream(target, request, *codec, options);
  const absl::Status status = call.ok() ? requests.status() : call.status();
  if (!status.ok()) {
    Response response;
    response.headers.Add("Content-Type", ContentType(*codec, kStreaming));
    response.body = EndEnvelope(status, {});
    return Answer(std::move(response));
  }
  EnvelopeForm form;
  form.codec = *codec;
  form.gzip = TakesGzip(request.headers.GetJoined("Connect-Accept-Encoding"));
  form.gzip_from = options.compress_from_bytes;
  return CallStream(dispatcher, *std::move(call), *std::move(requests), form);
}

// "pkg.Service" of "/pkg.Service/Method"; empty when the path is no RPC's.
std::string_view ServiceOf(std::string_view path) {
  if (path.empty()) return {};
  path.remove_prefix(1);
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash + 1 == path.size() ||
      path.find('/', slash + 1) != std::string_view::npos ||
      path.substr(0, slash).find('.') == std::string_view::npos) {
    return {};
  }
  return path.substr(0, slash);
}

Response UnknownPath(const Dispatcher& dispatcher, const Request& request) {
  const std::string_view service = ServiceOf(request.PathBelow());
  if (service.empty()) {
    return ErrorResponse(
        absl::NotFoundError(StrCat("there is nothing at ", request.path)));
  }
  const std::string_view method =
      request.PathBelow().substr(service.size() + 2);
  std::vector<std::string> services;
  for (const ServiceBinding& binding : dispatcher.services()) {
    services.emplace_back(binding.info->full_name);
    if (binding.info->full_name != service) continue;
    std::vector<std::string> methods;
    for (const MethodInfo& known : binding.info->methods) {
      methods.emplace_back(known.name);
    }
    return ErrorResponse(404, "unimplemented",
                         StrCat(service, " has no method ", method,
                                DidYouMean(method, methods)));
  }
  return ErrorResponse(404, "unimplemented",
                       StrCat("no service ", service, " is served here",
                              DidYouMean(service, services)));
}

}  // namespace

void MountRpc(Router& router, Dispatcher& dispatcher, RpcOptions options) {
  for (const ServiceBinding& binding : dispatcher.services()) {
    for (const MethodInfo& method : binding.info->methods) {
      const Target target = *dispatcher.Find(method.path);
      const auto serve =
          method.kind == MethodKind::kUnary ? ServeUnary : ServeStream;
      const Handler handler = [&dispatcher, target, serve,
                               options](Request request) {
        return serve(dispatcher, target, options, std::move(request));
      };
      router.Post(method.path, handler);
      if (method.no_side_effects) router.Get(method.path, handler);
    }
  }
  router.NotFound([&dispatcher](Request request) {
    return Answer(UnknownPath(dispatcher, request));
  });
}

}  // namespace millrace::http
