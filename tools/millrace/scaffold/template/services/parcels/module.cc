#include "services/parcels/module.h"

#include <optional>

#include "parcels/migrations.h"
#include "parcels/v1/events.millrace.h"
#include "services/parcels/listeners.h"
#include "services/parcels/rpc.h"
#include "services/parcels/settings.pb.h"

namespace parcels {
namespace {

using millrace::Promise;
using ::users::v1::UserEvents;

class ParcelsModule final : public millrace::runtime::Module {
 public:
  std::string_view name() const override { return "parcels"; }

  std::vector<const millrace::ServiceInfo*> Provides() const override {
    return {&v1::ParcelsService::Info()};
  }

  // A service that is to be called is named in Needs(), and context.Need<...>()
  // gives it: the handler itself, or a client of the process that has it.

  std::vector<const millrace::ContractInfo*> Contracts() const override {
    return {&UserEvents::Info(), &v1::ParcelEvents::Info()};
  }

  std::vector<millrace::store::Migration> Migrations() const override {
    return millrace::ParcelsMigrations();
  }

  Promise<void> Start(millrace::runtime::ModuleContext& context) override {
    inbox_.emplace(
        context.database(), kPeopleGroup,
        std::vector<const millrace::ContractInfo*>{&UserEvents::Info()});
    people_.emplace(*inbox_);
    context.Subscribe<UserEvents>(kPeopleGroup, *people_);
    rpc_.emplace(context.database(), context.outbox(), context.clock());
    Reload(context.settings());
    context.Serve(Bind(*rpc_));
    return Promise<void>::Resolve();
  }

  void Reload(const millrace::config::v1::Settings& settings) override {
    const ParcelsSettings& own =
        settings.GetExtension(ParcelsSettings::parcels);
    rpc_->SetPageSize(own.page_size());
  }

 private:
  std::optional<millrace::bus::Inbox> inbox_;
  std::optional<PeopleListener> people_;
  std::optional<ParcelsRpc> rpc_;
};

}  // namespace

std::unique_ptr<millrace::runtime::Module> NewModule() {
  return std::make_unique<ParcelsModule>();
}

}  // namespace parcels
