// The methods of templates.v1.TemplatesService that render.
#include <exception>
#include <string>
#include <utility>

#include "base/status.h"
#include "contract/errors.h"
#include "contract/rules.h"
#include "services/templates/check.h"
#include "services/templates/compiled.h"
#include "services/templates/rendering.h"
#include "services/templates/rpc.h"
#include "services/templates/store.h"
#include "services/templates/wire.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;

// What a request that names a version or brings a text is about.
template <typename Request>
TemplateVersion SourceOf(store::Tx& tx, const Request& request) {
  if (request.has_text()) return ToVersion(request.text());
  if (!request.has_version()) {
    Throw(InvalidArgument({{"source", "set version or text"}}));
  }
  const v1::TemplateVersionRef& ref = request.version();
  return FindVersion(tx, ref.name(), ref.locale(), ref.version());
}

template <typename Request>
absl::Status ReadContext(const Request& request, Document& document) {
  if (!request.has_json()) return document.ReadMessage(request.data());
  const absl::Status status = document.ReadJson(request.json());
  if (!absl::IsInvalidArgument(status)) return status;
  return InvalidArgument({{"json", std::string(MessageOf(status))}});
}

}  // namespace

Promise<v1::CheckTemplateResponse> TemplatesRpc::CheckTemplate(
    const Call& call, const v1::CheckTemplateRequest& request) {
  const Findings findings = co_await database_.Read(
      call.context,
      [&](store::Tx& tx) { return CheckVersion(tx, SourceOf(tx, request)); });
  co_return ToResponse(findings);
}

template <typename Request>
Promise<std::string> TemplatesRpc::RenderWith(const Call& call,
                                              const Request& request,
                                              CompiledTemplate compiled) {
  if (!request.has_user_id()) {
    const auto read = [&request](Document& document) {
      return ReadContext(request, document);
    };
    Promise<std::string> text =
        RenderInSlices(loop_, std::move(compiled), ReadData(read), call.signal);
    co_return co_await std::move(text);
  }
  ::users::v1::GetUserRequest get;
  get.set_id(request.user_id());
  const google::protobuf::Struct data =
      ToData(ToRecipient(co_await users_.GetUser(call, get)));
  co_return co_await RenderInSlices(loop_, std::move(compiled), data,
                                    call.signal);
}

Promise<v1::PreviewTemplateResponse> TemplatesRpc::PreviewTemplate(
    const Call& call, const v1::PreviewTemplateRequest& request) {
  // What is read once is not worth keeping.
  ProgramCache programs;
  CompiledTemplate compiled =
      co_await database_.Read(call.context, [&](store::Tx& tx) {
        TemplateVersion source = SourceOf(tx, request);
        return request.has_version() ? CompiledTemplate::CompileStored(
                                           tx, std::move(source), programs)
                                     : ValueOrThrow(CompiledTemplate::Compile(
                                           tx, std::move(source), programs));
      });
  v1::PreviewTemplateResponse response;
  response.set_content_type(compiled.version().content_type);
  response.set_body(co_await RenderWith(call, request, std::move(compiled)));
  co_return response;
}

Promise<v1::RenderTemplateResponse> TemplatesRpc::RenderTemplate(
    const Call& call, const v1::RenderTemplateRequest& request) {
  const CompiledTemplate compiled =
      co_await cache_.Published(call.context, request.name(), request.locale());
  const TemplateVersion& version = compiled.version();
  v1::RenderTemplateResponse response;
  response.set_content_type(version.content_type);
  response.set_version(version.version);
  response.set_locale(version.locale);
  response.set_body(co_await RenderWith(call, request, compiled));
  co_return response;
}

Stream<v1::RenderTemplatesResponse> TemplatesRpc::RenderTemplates(
    const Call& call, Stream<v1::RenderTemplatesRequest> requests) {
  return std::move(requests).Map([this, call, index = int64_t{0}](
                                     v1::RenderTemplatesRequest input) mutable {
    return RenderOne(call, std::move(input), index++);
  });
}

// What is wrong with the input is an answer; what ends the call is not.
Promise<v1::RenderTemplatesResponse> TemplatesRpc::RenderOne(
    Call call, v1::RenderTemplatesRequest input, int64_t index) {
  v1::RenderTemplatesResponse response;
  response.set_index(index);
  const v1::RenderTemplateRequest request = ToRequest(std::move(input));
  absl::Status status = rules::Validate<v1::RenderTemplateRequest>(request);
  try {
    ThrowIfError(status);
    *response.mutable_rendered() = co_await RenderTemplate(call, request);
  } catch (...) {
    call.signal.ThrowIfAborted();
    status = StatusFrom(std::current_exception());
  }
  if (!status.ok()) *response.mutable_failure() = ToFailure(status);
  co_return response;
}

}  // namespace millrace::templates
