// templates.v1.TemplatesService. Loop thread; everything it is given outlives
// it.
#ifndef MILLRACE_SERVICES_TEMPLATES_RPC_H_
#define MILLRACE_SERVICES_TEMPLATES_RPC_H_

#include "base/clock.h"
#include "bus/outbox.h"
#include "store/database.h"
#include "templates/v1/templates.millrace.h"
#include "users/v1/users.millrace.h"

namespace millrace::templates {

class TemplatesRpc final : public ::templates::v1::TemplatesService {
 public:
  // `users` is the service itself or its remote client.
  TemplatesRpc(store::Database& database, bus::Outbox& outbox,
               ::users::v1::UsersService& users, const Clock& clock)
      : database_(database), outbox_(outbox), users_(users), clock_(clock) {}

  Promise<::templates::v1::Template> PutTemplate(
      const Call& call,
      const ::templates::v1::PutTemplateRequest& request) override;
  Promise<::templates::v1::Template> GetTemplate(
      const Call& call,
      const ::templates::v1::GetTemplateRequest& request) override;
  Promise<::templates::v1::Template> PublishTemplate(
      const Call& call,
      const ::templates::v1::PublishTemplateRequest& request) override;
  Promise<::templates::v1::RenderTemplateResponse> RenderTemplate(
      const Call& call,
      const ::templates::v1::RenderTemplateRequest& request) override;
  Promise<::templates::v1::ListMessagesResponse> ListMessages(
      const Call& call,
      const ::templates::v1::ListMessagesRequest& request) override;

 private:
  Promise<google::protobuf::Struct> DataFor(
      const Call& call, const ::templates::v1::RenderTemplateRequest& request);

  store::Database& database_;
  bus::Outbox& outbox_;
  ::users::v1::UsersService& users_;
  const Clock& clock_;
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_RPC_H_
