#include "tests/conformance/faces/interop_service.h"

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/timer_promises.h"

namespace millrace::conformance {
namespace {

using Request = interop::StreamingOutputCallRequest;
using Response = interop::StreamingOutputCallResponse;

constexpr std::string_view kInitial = "x-grpc-test-echo-initial";
constexpr std::string_view kTrailing = "x-grpc-test-echo-trailing-bin";

// What came under these two names goes back, before and behind the answers.
void EchoMetadata(const Call& call) {
  for (const auto& [name, value] : call.metadata) {
    if (name == kInitial) ThrowIfError(call.reply.AddHeader(name, value));
    if (name == kTrailing) ThrowIfError(call.reply.AddTrailer(name, value));
  }
}

interop::Payload PayloadOf(int32_t size) {
  if (size < 0) {
    Throw(absl::InvalidArgumentError(
        StrCat("a payload cannot have ", size, " bytes")));
  }
  interop::Payload payload;
  payload.set_body(std::string(static_cast<size_t>(size), '\0'));
  return payload;
}

void ThrowIfAsked(const interop::EchoStatus& status) {
  if (status.code() == 0) return;
  Throw(absl::Status(static_cast<absl::StatusCode>(status.code()),
                     status.message()));
}

Promise<void> SendAsked(const Call& call, const Request& request,
                        StreamWriter<Response>& out) {
  for (const interop::ResponseParameters& asked :
       request.response_parameters()) {
    if (asked.interval_us() > 0) {
      co_await Wait(absl::Microseconds(asked.interval_us()), call.signal);
    }
    Response response;
    *response.mutable_payload() = PayloadOf(asked.size());
    co_await out.Write(std::move(response));
  }
}

// Never rejects: an error is the stream's.
Promise<void> Answer(Call call, Stream<Request> requests,
                     StreamWriter<Response> out) {
  try {
    EchoMetadata(call);
    while (std::optional<Request> request = co_await requests.Next()) {
      ThrowIfAsked(request->response_status());
      co_await SendAsked(call, *request, out);
    }
    out.Close();
  } catch (...) {
    out.Fail(StatusFrom(std::current_exception()));
  }
}

Stream<Response> Answered(const Call& call, Stream<Request> requests) {
  auto pipe = MakePipe<Response>();
  Answer(call, std::move(requests), std::move(pipe.writer)).Detach();
  return std::move(pipe.stream);
}

}  // namespace

Promise<interop::Empty> InteropServer::EmptyCall(const Call&,
                                                 const interop::Empty&) {
  return Promise<interop::Empty>::Resolve(interop::Empty());
}

Promise<interop::SimpleResponse> InteropServer::UnaryCall(
    const Call& call, const interop::SimpleRequest& request) {
  EchoMetadata(call);
  ThrowIfAsked(request.response_status());
  interop::SimpleResponse response;
  *response.mutable_payload() = PayloadOf(request.response_size());
  co_return response;
}

Stream<Response> InteropServer::StreamingOutputCall(const Call& call,
                                                    const Request& request) {
  return Answered(call, Stream<Request>::Of({request}));
}

Promise<interop::StreamingInputCallResponse> InteropServer::StreamingInputCall(
    const Call&, Stream<interop::StreamingInputCallRequest> requests) {
  size_t size = 0;
  while (std::optional<interop::StreamingInputCallRequest> request =
             co_await requests.Next()) {
    size += request->payload().body().size();
  }
  interop::StreamingInputCallResponse response;
  response.set_aggregated_payload_size(static_cast<int32_t>(size));
  co_return response;
}

Stream<Response> InteropServer::FullDuplexCall(const Call& call,
                                               Stream<Request> requests) {
  return Answered(call, std::move(requests));
}

}  // namespace millrace::conformance
