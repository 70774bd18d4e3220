#include "services/admin/module.h"

#include <optional>

#include "admin/migrations.h"
#include "services/admin/listeners.h"
#include "services/admin/rpc.h"
#include "templates/v1/events.millrace.h"
#include "users/v1/events.millrace.h"

namespace millrace::admin {
namespace {

class AdminModule final : public runtime::Module {
 public:
  std::string_view name() const override { return "admin"; }

  std::vector<const ServiceInfo*> Provides() const override {
    return {&::admin::v1::AdminService::Info()};
  }

  // The trail covers every contract of the platform.
  std::vector<const ContractInfo*> Contracts() const override {
    return {&::users::v1::UserEvents::Info(),
            &::templates::v1::TemplateEvents::Info()};
  }

  std::vector<store::Migration> Migrations() const override {
    return AdminMigrations();
  }

  Promise<void> Start(runtime::ModuleContext& context) override {
    inbox_.emplace(context.database(), kAuditGroup);
    audit_.emplace(*inbox_, context.clock(), Contracts());
    for (const ContractInfo* contract : Contracts()) {
      context.Subscribe(*contract, kAuditGroup, *audit_);
    }
    rpc_.emplace(context.database(), context.bus(), context.clock(),
                 Contracts());
    context.Serve(Bind(*rpc_));
    return Promise<void>::Resolve();
  }

 private:
  std::optional<bus::Inbox> inbox_;
  std::optional<AuditListener> audit_;
  std::optional<AdminRpc> rpc_;
};

}  // namespace

std::unique_ptr<runtime::Module> NewModule() {
  return std::make_unique<AdminModule>();
}

}  // namespace millrace::admin
