#include "services/admin/module.h"

#include <algorithm>
#include <optional>
#include <utility>

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

// Those of both lists, each once.
template <typename Info>
void Add(const std::vector<const Info*>& infos, std::vector<const Info*>& to) {
  for (const Info* info : infos) {
    const bool known = std::any_of(to.begin(), to.end(), [&](const Info* one) {
      return one->full_name == info->full_name;
    });
    if (!known) to.push_back(info);
  }
}

class AdminModule final : public runtime::Module {
 public:
  explicit AdminModule(Watched others) : others_(std::move(others)) {}

  std::string_view name() const override { return "admin"; }

  std::vector<const ServiceInfo*> Provides() const override {
    return {&::admin::v1::AdminService::Info()};
  }

  std::vector<const ServiceInfo*> Needs() const override {
    return {&::users::v1::UsersService::Info()};
  }

  std::vector<const ContractInfo*> Contracts() const override {
    std::vector<const ContractInfo*> contracts = {
        &::admin::v1::AdminEvents::Info(),
        &::templates::v1::TemplateEvents::Info(),
        &::users::v1::UserEvents::Info()};
    Add(others_.contracts, contracts);
    return contracts;
  }

  std::vector<store::Migration> Migrations() const override {
    return AdminMigrations();
  }

  Promise<void> Start(runtime::ModuleContext& context) override {
    co_await AdoptUnchained(context.database());
    co_await SealOlder(context.database(), context.clock(), context.logger());
    // The trail covers every contract of the platform.
    admin::Contracts contracts = Contracts();
    Add(context.contracts(), contracts);
    audit_inbox_.emplace(context.database(), kAuditGroup, contracts);
    audit_.emplace(*audit_inbox_, context.clock(), contracts);
    for (const ContractInfo* contract : contracts) {
      context.Subscribe(*contract, kAuditGroup, *audit_);
    }
    access_inbox_.emplace(
        context.database(), kAccessGroup,
        std::vector<const ContractInfo*>{&::users::v1::UserEvents::Info()});
    access_.emplace(*access_inbox_, context.outbox(), context.clock());
    context.Subscribe<::users::v1::UserEvents>(kAccessGroup, *access_);
    dead_letters_.emplace(context.bus(), contracts, context.logger());
    std::vector<const ServiceInfo*> services = PlatformServices();
    Add(others_.services, services);
    Add(context.services(), services);
    rpc_.emplace(
        AdminRpc::Parts{.database = context.database(),
                        .outbox = context.outbox(),
                        .bus = context.bus(),
                        .clock = context.clock(),
                        .users = context.Need<::users::v1::UsersService>(),
                        .dead_letters = *dead_letters_,
                        .contracts = std::move(contracts),
                        .services = std::move(services)});
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

  const Watched others_;
  std::optional<bus::Inbox> audit_inbox_;
  std::optional<AuditListener> audit_;
  std::optional<bus::Inbox> access_inbox_;
  std::optional<AccessListener> access_;
  std::optional<runtime::BusRpc> dead_letters_;
  std::optional<AdminRpc> rpc_;
};

}  // namespace

runtime::ModuleFactory Modules(Watched others) {
  return [others = std::move(others)] {
    return std::make_unique<AdminModule>(others);
  };
}

std::unique_ptr<runtime::Module> NewModule() { return Modules()(); }

}  // namespace millrace::admin
