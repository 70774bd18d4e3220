#include "tests/conformance/faces/conformance_service.h"

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "base/status.h"
#include "contract/errors.h"
#include "loop/timer_promises.h"

namespace millrace::conformance {
namespace {

using RequestInfo = v1::ConformancePayload::RequestInfo;
using Headers = google::protobuf::RepeatedPtrField<v1::Header>;

v1::Header& HeaderOf(const std::string& name, RequestInfo* info) {
  for (v1::Header& header : *info->mutable_request_headers()) {
    if (header.name() == name) return header;
  }
  v1::Header& header = *info->add_request_headers();
  header.set_name(name);
  return header;
}

// What the call says, without its requests.
RequestInfo InfoOf(const Call& call) {
  RequestInfo info;
  for (const auto& [name, value] : call.metadata) {
    HeaderOf(name, &info).add_value(value);
  }
  if (call.context.deadline != absl::InfiniteFuture()) {
    info.set_timeout_ms(
        absl::ToInt64Milliseconds(call.context.deadline - absl::Now()));
  }
  return info;
}

void SayBeside(const ReplyMetadata& reply, const Headers& headers,
               const Headers& trailers) {
  for (const v1::Header& header : headers) {
    for (const std::string& value : header.value()) {
      ThrowIfError(reply.AddHeader(header.name(), value));
    }
  }
  for (const v1::Header& trailer : trailers) {
    for (const std::string& value : trailer.value()) {
      ThrowIfError(reply.AddTrailer(trailer.name(), value));
    }
  }
}

absl::Status ToStatus(const v1::Error& error) {
  absl::Status status(static_cast<absl::StatusCode>(error.code()),
                      error.message());
  for (const auto& detail : error.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

// The one answer of a call whose requests are all in `info`.
template <typename Response>
Promise<Response> AnswerOnce(Call call, v1::UnaryResponseDefinition definition,
                             RequestInfo info) {
  SayBeside(call.reply, definition.response_headers(),
            definition.response_trailers());
  co_await Wait(absl::Milliseconds(definition.response_delay_ms()),
                call.signal);
  if (definition.has_error()) {
    Throw(WithDetail(ToStatus(definition.error()), info));
  }
  Response response;
  response.mutable_payload()->set_data(definition.response_data());
  *response.mutable_payload()->mutable_request_info() = std::move(info);
  co_return response;
}

template <typename Response, typename Request>
Promise<Response> AnswerRequest(const Call& call, const Request& request) {
  RequestInfo info = InfoOf(call);
  info.add_requests()->PackFrom(request);
  return AnswerOnce<Response>(call, request.response_definition(),
                              std::move(info));
}

// The answers of a stream, in their order.
template <typename Response>
class Answers {
 public:
  Answers(Call call, StreamWriter<Response> out)
      : call_(std::move(call)), out_(std::move(out)) {}

  // To be called with the definition of the first request.
  void Begin(v1::StreamResponseDefinition definition) {
    definition_ = std::move(definition);
    SayBeside(call_.reply, definition_.response_headers(),
              definition_.response_trailers());
    if (!done()) call_.reply.SendHeaders();
  }

  bool done() const { return sent_ == definition_.response_data_size(); }

  // The next answer, with `info` in it.
  Promise<void> Send(RequestInfo info) {
    co_await Wait(absl::Milliseconds(definition_.response_delay_ms()),
                  call_.signal);
    Response response;
    response.mutable_payload()->set_data(definition_.response_data(sent_++));
    *response.mutable_payload()->mutable_request_info() = std::move(info);
    co_await out_.Write(std::move(response));
  }

  // What is left, the first with `info`; then the end.
  Promise<void> SendRest(RequestInfo info) {
    const bool silent = sent_ == 0 && done();
    while (!done()) co_await Send(std::exchange(info, {}));
    if (definition_.has_error()) {
      const absl::Status error = ToStatus(definition_.error());
      Throw(silent ? WithDetail(error, info) : error);
    }
    out_.Close();
  }

 private:
  const Call call_;
  StreamWriter<Response> out_;
  v1::StreamResponseDefinition definition_;
  int sent_ = 0;
};

// Never rejects: an error is the stream's.
Promise<void> AnswerServerStream(Call call, v1::ServerStreamRequest request,
                                 StreamWriter<v1::ServerStreamResponse> out) {
  try {
    Answers<v1::ServerStreamResponse> answers(call, out);
    RequestInfo info = InfoOf(call);
    info.add_requests()->PackFrom(request);
    answers.Begin(request.response_definition());
    co_await answers.SendRest(std::move(info));
  } catch (...) {
    out.Fail(StatusFrom(std::current_exception()));
  }
}

// Never rejects, as above.
Promise<void> AnswerBidi(Call call, Stream<v1::BidiStreamRequest> requests,
                         StreamWriter<v1::BidiStreamResponse> out) {
  try {
    Answers<v1::BidiStreamResponse> answers(call, out);
    RequestInfo info = InfoOf(call);
    std::optional<bool> full_duplex;
    while (std::optional<v1::BidiStreamRequest> request =
               co_await requests.Next()) {
      info.add_requests()->PackFrom(*request);
      if (!full_duplex) {
        full_duplex = request->full_duplex();
        answers.Begin(request->response_definition());
      }
      if (!*full_duplex) continue;
      if (answers.done()) break;
      co_await answers.Send(std::exchange(info, {}));
    }
    co_await answers.SendRest(std::move(info));
  } catch (...) {
    out.Fail(StatusFrom(std::current_exception()));
  }
}

}  // namespace

Promise<v1::UnaryResponse> ConformanceServer::Unary(
    const Call& call, const v1::UnaryRequest& request) {
  return AnswerRequest<v1::UnaryResponse>(call, request);
}

Promise<v1::IdempotentUnaryResponse> ConformanceServer::IdempotentUnary(
    const Call& call, const v1::IdempotentUnaryRequest& request) {
  return AnswerRequest<v1::IdempotentUnaryResponse>(call, request);
}

Promise<v1::UnimplementedResponse> ConformanceServer::Unimplemented(
    const Call&, const v1::UnimplementedRequest&) {
  return Promise<v1::UnimplementedResponse>::Reject(
      absl::UnimplementedError("this method does nothing"));
}

Promise<v1::ClientStreamResponse> ConformanceServer::ClientStream(
    const Call& call, Stream<v1::ClientStreamRequest> requests) {
  RequestInfo info = InfoOf(call);
  std::optional<v1::UnaryResponseDefinition> definition;
  while (std::optional<v1::ClientStreamRequest> request =
             co_await requests.Next()) {
    if (!definition) definition = request->response_definition();
    info.add_requests()->PackFrom(*request);
  }
  co_return co_await AnswerOnce<v1::ClientStreamResponse>(
      call, definition.value_or(v1::UnaryResponseDefinition()),
      std::move(info));
}

Stream<v1::ServerStreamResponse> ConformanceServer::ServerStream(
    const Call& call, const v1::ServerStreamRequest& request) {
  auto pipe = MakePipe<v1::ServerStreamResponse>();
  AnswerServerStream(call, request, std::move(pipe.writer)).Detach();
  return std::move(pipe.stream);
}

Stream<v1::BidiStreamResponse> ConformanceServer::BidiStream(
    const Call& call, Stream<v1::BidiStreamRequest> requests) {
  auto pipe = MakePipe<v1::BidiStreamResponse>();
  AnswerBidi(call, std::move(requests), std::move(pipe.writer)).Detach();
  return std::move(pipe.stream);
}

}  // namespace millrace::conformance
