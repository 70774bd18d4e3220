#include "services/templates/rpc.h"

#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "contract/page_token.h"
#include "services/templates/domain.h"
#include "services/templates/store.h"
#include "services/templates/wire.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;

TemplateVersion PublishedOrThrow(store::Tx& tx, const std::string& name,
                                 const std::vector<std::string>& locales) {
  auto found = FindPublished(tx, name, locales);
  if (!found) {
    Throw(absl::NotFoundError(
        StrCat("template '", name, "' is not published in '", locales.front(),
               "' or what it falls back to; see PutTemplate and "
               "PublishTemplate")));
  }
  return *std::move(found);
}

}  // namespace

Promise<v1::Template> TemplatesRpc::PutTemplate(
    const Call& call, const v1::PutTemplateRequest& request) {
  const TemplateVersion draft = {.name = request.name(),
                                 .locale = request.locale(),
                                 .content_type = request.content_type().empty()
                                                     ? kHtml
                                                     : request.content_type(),
                                 .body = request.body(),
                                 .create_time = clock_.Now()};
  const absl::Status compiled = CheckBody(draft.body, draft.content_type);
  if (!compiled.ok()) {
    Throw(InvalidArgument({{"body", std::string(MessageOf(compiled))}}));
  }
  const TemplateVersion stored = co_await database_.Transact(
      call.context, [&](store::Tx& tx) { return InsertNext(tx, draft); });
  co_return ToTemplate(stored);
}

Promise<v1::Template> TemplatesRpc::GetTemplate(
    const Call& call, const v1::GetTemplateRequest& request) {
  const TemplateVersion found =
      co_await database_.Read(call.context, [&](store::Tx& tx) {
        return request.version() != 0
                   ? FindVersion(tx, request.name(), request.locale(),
                                 request.version())
                   : PublishedOrThrow(tx, request.name(), {request.locale()});
      });
  co_return ToTemplate(found);
}

Promise<v1::Template> TemplatesRpc::PublishTemplate(
    const Call& call, const v1::PublishTemplateRequest& request) {
  const TemplateVersion published =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        Publication done = Publish(tx, request.name(), request.locale(),
                                   request.version(), clock_.Now());
        if (done.is_new) {
          outbox_.Emit<v1::TemplateEvents::Published>(
              tx, ToPublished(done.version));
        }
        return std::move(done.version);
      });
  co_return ToTemplate(published);
}

Promise<google::protobuf::Struct> TemplatesRpc::DataFor(
    const Call& call, const v1::RenderTemplateRequest& request) {
  if (!request.has_user_id()) co_return request.data();
  ::users::v1::GetUserRequest get;
  get.set_id(request.user_id());
  co_return ToData(ToRecipient(co_await users_.GetUser(call, get)));
}

Promise<v1::RenderTemplateResponse> TemplatesRpc::RenderTemplate(
    const Call& call, const v1::RenderTemplateRequest& request) {
  const google::protobuf::Struct data = co_await DataFor(call, request);
  v1::RenderTemplateResponse response;
  co_await database_.Read(call.context, [&](store::Tx& tx) {
    const TemplateVersion version =
        PublishedOrThrow(tx, request.name(), LocaleFallback(request.locale()));
    response.set_body(ValueOrThrow(Render(version, data)));
    response.set_content_type(version.content_type);
    response.set_version(version.version);
    response.set_locale(version.locale);
  });
  co_return response;
}

Promise<v1::ListMessagesResponse> TemplatesRpc::ListMessages(
    const Call& call, const v1::ListMessagesRequest& request) {
  const std::string before = ValueOrThrow(ReadPageToken(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  const std::vector<RenderedText> texts =
      co_await database_.Read(call.context, [&](store::Tx& tx) {
        return templates::ListMessages(tx, request.user_id(), before, size + 1);
      });
  v1::ListMessagesResponse response;
  for (const RenderedText& text : texts) {
    if (response.messages_size() == size) {
      response.set_next_page_token(
          WritePageToken(response.messages(response.messages_size() - 1).id()));
      break;
    }
    *response.add_messages() = ToMessage(text);
  }
  co_return response;
}

}  // namespace millrace::templates
