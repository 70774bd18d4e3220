#include "http/connect.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "http/connect_request.h"
#include "http/connect_stream.h"
#include "http/envelope.h"
#include "http/sse.h"
#include "http/status_mapping.h"

namespace millrace::http {
namespace {

constexpr std::string_view kUnary = "application/";
constexpr std::string_view kStreaming = "application/connect+";

Promise<Response> Answer(Response response) {
  return Promise<Response>::Resolve(std::move(response));
}

Response UnsupportedType(const Request& request, std::string_view accepted) {
  const std::string_view got = request.headers.Get("Content-Type");
  Response response =
      ErrorResponse(415, "invalid_argument",
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

// A unary call. `dispatcher` outlives it; a failure is its rejection.
Promise<Response> CallUnary(Dispatcher& dispatcher, IncomingCall call,
                            MessagePtr message, Codec codec) {
  const MessagePtr answer =
      co_await dispatcher.Unary(std::move(call), std::move(message));
  Response response;
  response.headers.Add("Content-Type", ContentType(codec, kUnary));
  response.body = ValueOrThrow(Encode(codec, *answer));
  co_return response;
}

// What a GET or POST of a single message asks for.
struct Single {
  IncomingCall call;
  MessagePtr message;
  Codec codec = Codec::kJson;
};

absl::StatusOr<Single> ReadSingle(const Target& target, const Request& request,
                                  Codec codec) {
  Single single;
  single.codec = codec;
  absl::StatusOr<IncomingCall> call = ToIncoming(target, request);
  if (!call.ok()) return call.status();
  single.call = *std::move(call);
  absl::StatusOr<MessagePtr> message =
      request.method == "POST"
          ? Decode(*target.method, codec, request.body)
          : DecodeQuery(*target.method, request.query, &single.codec);
  if (!message.ok()) return message.status();
  single.message = *std::move(message);
  return single;
}

Promise<Response> ServeUnary(Dispatcher& dispatcher, const Target& target,
                             Request request) {
  Codec codec = Codec::kJson;
  if (request.method == "POST") {
    const auto named = CodecOf(request.headers.Get("Content-Type"), kUnary);
    if (!named) {
      return Answer(
          UnsupportedType(request, "application/json, application/proto"));
    }
    codec = *named;
  }
  absl::StatusOr<Single> single = ReadSingle(target, request, codec);
  if (!single.ok()) return Answer(ErrorResponse(single.status()));
  return CallUnary(dispatcher, std::move(single->call),
                   std::move(single->message), single->codec);
}

Promise<Response> ServeEvents(Dispatcher& dispatcher, const Target& target,
                              Request request) {
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
  absl::StatusOr<Single> single = ReadSingle(target, request, *codec);
  if (!single.ok()) return Answer(ErrorResponse(single.status()));
  std::vector<MessagePtr> requests;
  requests.push_back(std::move(single->message));
  return Answer(SseResponse(ToEvents(dispatcher.Streaming(
      std::move(single->call), Stream<MessagePtr>::Of(std::move(requests))))));
}

// Errors are in the body's last envelope, under 200, once the content type is
// known.
Promise<Response> ServeStream(Dispatcher& dispatcher, const Target& target,
                              Request request) {
  if (WantsEvents(request)) {
    return ServeEvents(dispatcher, target, std::move(request));
  }
  const auto codec = CodecOf(request.headers.Get("Content-Type"), kStreaming);
  if (!codec) {
    return Answer(UnsupportedType(
        request,
        "application/connect+json, application/connect+proto, or "
        "application/json with Accept: text/event-stream"));
  }
  absl::StatusOr<IncomingCall> call = ToIncoming(target, request);
  absl::StatusOr<std::vector<MessagePtr>> requests =
      DecodeEnvelopes(*target.method, *codec, request.body);
  const absl::Status status = call.ok() ? requests.status() : call.status();
  Response response;
  response.headers.Add("Content-Type", ContentType(*codec, kStreaming));
  if (status.ok()) {
    response.body = ToEnvelopes(
        dispatcher.Streaming(*std::move(call),
                             Stream<MessagePtr>::Of(*std::move(requests))),
        *codec);
  } else {
    response.body = EndEnvelope(status);
  }
  return Answer(std::move(response));
}

// "pkg.Service" of "/pkg.Service/Method"; empty when the path is no RPC's.
std::string_view ServiceOf(std::string_view path) {
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
  const std::string_view service = ServiceOf(request.path);
  if (service.empty()) {
    return ErrorResponse(
        absl::NotFoundError(StrCat("there is nothing at ", request.path)));
  }
  const std::string_view method =
      std::string_view(request.path).substr(service.size() + 2);
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

void MountRpc(Router& router, Dispatcher& dispatcher) {
  for (const ServiceBinding& binding : dispatcher.services()) {
    for (const MethodInfo& method : binding.info->methods) {
      const Target target = *dispatcher.Find(method.path);
      const auto serve =
          method.kind == MethodKind::kUnary ? ServeUnary : ServeStream;
      const Handler handler = [&dispatcher, target, serve](Request request) {
        return serve(dispatcher, target, std::move(request));
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
