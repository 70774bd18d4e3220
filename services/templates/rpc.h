// templates.v1.TemplatesService: wire messages in, the domain's words inside,
// one transaction for the rows and their event. Loop thread; everything it is
// given outlives it. Reading is in rpc.cc, rendering in rpc_render.cc, changing
// in rpc_changes.cc.
#ifndef MILLRACE_SERVICES_TEMPLATES_RPC_H_
#define MILLRACE_SERVICES_TEMPLATES_RPC_H_

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "bus/outbox.h"
#include "loop/event_loop.h"
#include "services/templates/cache.h"
#include "services/templates/lifecycle.h"
#include "store/database.h"
#include "templates/v1/templates.millrace.h"
#include "users/v1/users.millrace.h"

namespace millrace::templates {

class TemplatesRpc final : public ::templates::v1::TemplatesService {
 public:
  struct Parts {
    EventLoop& loop;
    store::Database& database;
    bus::Outbox& outbox;
    ::users::v1::UsersService& users;  // the service or its remote client
    TemplateCache& cache;
    const Clock& clock;
    Logger& logger;
  };

  explicit TemplatesRpc(const Parts& parts)
      : loop_(parts.loop),
        database_(parts.database),
        outbox_(parts.outbox),
        users_(parts.users),
        cache_(parts.cache),
        clock_(parts.clock),
        logger_(parts.logger) {}

  Promise<::templates::v1::Template> GetTemplate(
      const Call& call,
      const ::templates::v1::GetTemplateRequest& request) override;
  Promise<::templates::v1::ListTemplatesResponse> ListTemplates(
      const Call& call,
      const ::templates::v1::ListTemplatesRequest& request) override;
  Promise<::templates::v1::ListVersionsResponse> ListVersions(
      const Call& call,
      const ::templates::v1::ListVersionsRequest& request) override;
  Promise<::templates::v1::DiffTemplateResponse> DiffTemplate(
      const Call& call,
      const ::templates::v1::DiffTemplateRequest& request) override;
  Promise<::templates::v1::ListMessagesResponse> ListMessages(
      const Call& call,
      const ::templates::v1::ListMessagesRequest& request) override;

  Promise<::templates::v1::CheckTemplateResponse> CheckTemplate(
      const Call& call,
      const ::templates::v1::CheckTemplateRequest& request) override;
  Promise<::templates::v1::PreviewTemplateResponse> PreviewTemplate(
      const Call& call,
      const ::templates::v1::PreviewTemplateRequest& request) override;
  Promise<::templates::v1::RenderTemplateResponse> RenderTemplate(
      const Call& call,
      const ::templates::v1::RenderTemplateRequest& request) override;
  // Reads the next input when the answer to the one before was taken.
  Stream<::templates::v1::RenderTemplatesResponse> RenderTemplates(
      const Call& call,
      Stream<::templates::v1::RenderTemplatesRequest> requests) override;

  Promise<::templates::v1::Template> PutTemplate(
      const Call& call,
      const ::templates::v1::PutTemplateRequest& request) override;
  Promise<::templates::v1::Template> UpdateDraft(
      const Call& call,
      const ::templates::v1::UpdateDraftRequest& request) override;
  Promise<::templates::v1::DeleteDraftResponse> DeleteDraft(
      const Call& call,
      const ::templates::v1::DeleteDraftRequest& request) override;
  Promise<::templates::v1::Template> AllowUnsafeOutput(
      const Call& call,
      const ::templates::v1::AllowUnsafeOutputRequest& request) override;
  Promise<::templates::v1::Template> PublishTemplate(
      const Call& call,
      const ::templates::v1::PublishTemplateRequest& request) override;
  Promise<::templates::v1::Template> RollBackTemplate(
      const Call& call,
      const ::templates::v1::RollBackTemplateRequest& request) override;
  Promise<::templates::v1::TemplateSummary> ArchiveTemplate(
      const Call& call,
      const ::templates::v1::ArchiveTemplateRequest& request) override;
  Promise<::templates::v1::TemplateSummary> RestoreTemplate(
      const Call& call,
      const ::templates::v1::RestoreTemplateRequest& request) override;
  Promise<::templates::v1::DeleteTemplateResponse> DeleteTemplate(
      const Call& call,
      const ::templates::v1::DeleteTemplateRequest& request) override;

 private:
  template <typename Request>
  Target TargetOf(const Request& request) const;
  // Publishes by `change`, and emits that.
  template <typename F>
  Promise<::templates::v1::Template> PublishBy(CallContext context,
                                               std::string name, F change);
  // Renders with what the request says. Both outlive the promise.
  template <typename Request>
  Promise<std::string> RenderWith(const Call& call, const Request& request,
                                  CompiledTemplate compiled);
  Promise<::templates::v1::RenderTemplatesResponse> RenderOne(
      Call call, ::templates::v1::RenderTemplatesRequest input, int64_t index);

  EventLoop& loop_;
  store::Database& database_;
  bus::Outbox& outbox_;
  ::users::v1::UsersService& users_;
  TemplateCache& cache_;
  const Clock& clock_;
  Logger& logger_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_RPC_H_
