#include "services/users/module.h"

#include <optional>

#include "services/users/purge.h"
#include "services/users/rpc.h"
#include "users/migrations.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {
namespace {

class UsersModule final : public runtime::Module {
 public:
  std::string_view name() const override { return "users"; }

  std::vector<const ServiceInfo*> Provides() const override {
    return {&::users::v1::UsersService::Info()};
  }

  std::vector<const ContractInfo*> Contracts() const override {
    return {&::users::v1::UserEvents::Info()};
  }

  std::vector<store::Migration> Migrations() const override {
    return UsersMigrations();
  }

  Promise<void> Start(runtime::ModuleContext& context) override {
    rpc_.emplace(context.database(), context.outbox(), context.clock());
    context.Serve(Bind(*rpc_));
    purger_.emplace(context.database(), context.outbox(), context.clock(),
                    context.logger());
    purger_->Start(context.loop());
    return Promise<void>::Resolve();
  }

  Promise<void> Stop() override { return purger_->Stop(); }

 private:
  std::optional<UsersRpc> rpc_;
  std::optional<Purger> purger_;
};

}  // namespace

std::unique_ptr<runtime::Module> NewModule() {
  return std::make_unique<UsersModule>();
}

}  // namespace millrace::users
