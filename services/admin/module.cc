#include "services/admin/module.h"

#include <optional>

#include "admin/migrations.h"
#include "admin/v1/events.millrace.h"
#include "millrace/v1/trace.millrace.h"
#include "runtime/bus_rpc.h"
#include "services/admin/adopt.h"
#include "services/admin/listeners.h"
#include "services/admin/rpc.h"
#include "services/admin/seal_older.h"
#include "templates/v1/events.millrace.h"
#include "templates/v1/templates.millrace.h"
#include "users/v1/events.millrace.h"
#include "users/v1/sessions.millrace.h"
#include "users/v1/users.millrace.h"

namespace millrace::admin {
namespace {

class AdminModule final : public runtime::Module {
 public:
  std::string_view name() const override { return "admin"; }

  std::vector<const ServiceInfo*> Provides() const override {
    return {&::admin::v1::AdminService::Info()};
  }

  std::vector<const ServiceInfo*> Needs() const override {
    return {&::users::v1::UsersService::Info()};
  }

  // The trail covers every contract of the platform.
  std::vector<const ContractInfo*> Contracts() const override {
    return {&::admin::v1::AdminEvents::Info(),
            &::templates::v1::TemplateEvents::Info(),
            &::users::v1::UserEvents::Info()};
  }

  std::vector<store::Migration> Migrations() const override {
    return AdminMigrations();
  }

  Promise<void> Start(runtime::ModuleContext& context) override {
    co_await AdoptUnchained(context.database());
    co_await SealOlder(context.database(), context.clock(), context.logger());
    audit_inbox_.emplace(context.database(), kAuditGroup);
    audit_.emplace(*audit_inbox_, context.clock(), Contracts());
    for (const ContractInfo* contract : Contracts()) {
      context.Subscribe(*contract, kAuditGroup, *audit_);
    }
    access_inbox_.emplace(context.database(), kAccessGroup);
    access_.emplace(*access_inbox_, context.outbox(), context.clock());
    context.Subscribe<::users::v1::UserEvents>(kAccessGroup, *access_);
    dead_letters_.emplace(context.bus(), Contracts(), context.logger());
    rpc_.emplace(
        AdminRpc::Parts{.database = context.database(),
                        .outbox = context.outbox(),
                        .bus = context.bus(),
                        .clock = context.clock(),
                        .users = context.Need<::users::v1::UsersService>(),
                        .dead_letters = *dead_letters_,
                        .contracts = Contracts(),
                        .services = PlatformServices()});
    context.Serve(Bind(*rpc_));
  }

 private:
  // What the topology shows.
  static std::vector<const ServiceInfo*> PlatformServices() {
    return {&::admin::v1::AdminService::Info(),
            &::millrace::v1::BusService::Info(),
            &::millrace::v1::TraceService::Info(),
            &::templates::v1::TemplatesService::Info(),
            &::users::v1::SessionsService::Info(),
            &::users::v1::UsersService::Info()};
  }

  std::optional<bus::Inbox> audit_inbox_;
  std::optional<AuditListener> audit_;
  std::optional<bus::Inbox> access_inbox_;
  std::optional<AccessListener> access_;
  std::optional<runtime::BusRpc> dead_letters_;
  std::optional<AdminRpc> rpc_;
};

}  // namespace

std::unique_ptr<runtime::Module> NewModule() {
  return std::make_unique<AdminModule>();
}

}  // namespace millrace::admin
