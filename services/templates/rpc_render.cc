// The methods of templates.v1.TemplatesService that render.
#include <exception>
#include <utility>

#include "base/status.h"
#include "contract/errors.h"
#include "contract/rules.h"
#include "services/templates/compiled.h"
#include "services/templates/rpc.h"
#include "services/templates/store.h"
#include "services/templates/wire.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;

TemplateVersion ToVersion(const v1::TemplateText& text) {
  TemplateVersion version;
  version.name = "preview";
  if (!text.content_type().empty()) version.content_type = text.content_type();
  version.body = text.body();
  return version;
}

}  // namespace

template <typename Request>
Promise<google::protobuf::Struct> TemplatesRpc::DataFor(
    const Call& call, const Request& request) {
  if (!request.has_user_id()) co_return request.data();
  ::users::v1::GetUserRequest get;
  get.set_id(request.user_id());
  co_return ToData(ToRecipient(co_await users_.GetUser(call, get)));
}

Promise<v1::PreviewTemplateResponse> TemplatesRpc::PreviewTemplate(
    const Call& call, const v1::PreviewTemplateRequest& request) {
  TemplateVersion version;
  if (request.has_version()) {
    const v1::TemplateVersionRef& ref = request.version();
    version = co_await database_.Read(call.context, [&](store::Tx& tx) {
      return FindVersion(tx, ref.name(), ref.locale(), ref.version());
    });
  } else if (request.has_text()) {
    version = ToVersion(request.text());
  } else {
    Throw(InvalidArgument({{"source", "set version or text"}}));
  }
  google::protobuf::Struct data = co_await DataFor(call, request);
  v1::PreviewTemplateResponse response;
  response.set_content_type(version.content_type);
  CompiledTemplate compiled =
      co_await CompileAside(loop_, std::move(version), call.signal);
  response.set_body(co_await RenderAside(loop_, std::move(compiled),
                                         std::move(data), call.signal));
  co_return response;
}

Promise<v1::RenderTemplateResponse> TemplatesRpc::RenderTemplate(
    const Call& call, const v1::RenderTemplateRequest& request) {
  google::protobuf::Struct data = co_await DataFor(call, request);
  const CompiledTemplate compiled =
      co_await cache_.Published(call.context, request.name(), request.locale());
  const TemplateVersion& version = compiled.version();
  v1::RenderTemplateResponse response;
  response.set_content_type(version.content_type);
  response.set_version(version.version);
  response.set_locale(version.locale);
  response.set_body(
      co_await RenderAside(loop_, compiled, std::move(data), call.signal));
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
