#include "services/templates/module.h"

#include <memory>
#include <optional>
#include <utility>

#include "runtime/config.h"
#include "services/templates/cache.h"
#include "services/templates/cache_feed.h"
#include "services/templates/listeners.h"
#include "services/templates/program_cache.h"
#include "services/templates/rpc.h"
#include "services/templates/seed.h"
#include "services/templates/settings.pb.h"
#include "templates/migrations.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {
namespace {

using ::users::v1::UserEvents;
using ::users::v1::UsersService;

CacheOptions CacheOptionsOf(const TemplatesSettings& settings,
                            std::shared_ptr<ProgramCache> programs) {
  return {.max_entries = static_cast<size_t>(settings.cache_entries()),
          .max_bytes = static_cast<size_t>(settings.cache_bytes()),
          .max_age = runtime::DurationOf(settings.cache_max_age()),
          .programs = std::move(programs)};
}

class TemplatesModule final : public runtime::Module {
 public:
  explicit TemplatesModule(std::shared_ptr<ProgramCache> programs)
      : programs_(std::move(programs)) {}

  std::string_view name() const override { return "templates"; }

  std::vector<const ServiceInfo*> Provides() const override {
    return {&::templates::v1::TemplatesService::Info()};
  }

  std::vector<const ServiceInfo*> Needs() const override {
    return {&UsersService::Info()};
  }

  std::vector<const ContractInfo*> Contracts() const override {
    return {&UserEvents::Info(), &::templates::v1::TemplateEvents::Info()};
  }

  std::vector<store::Migration> Migrations() const override {
    return TemplatesMigrations();
  }

  Promise<void> Start(runtime::ModuleContext& context) override {
    const absl::Time now = context.clock().Now();
    co_await context.database().Transact(
        [&](store::Tx& tx) { SeedTemplates(tx, now); });
    inbox_.emplace(context.database(), kMessagesGroup,
                   std::vector<const ContractInfo*>{&UserEvents::Info()});
    messages_.emplace(*inbox_, context.outbox(), *programs_, context.clock());
    context.Subscribe<UserEvents>(kMessagesGroup, *messages_);
    const TemplatesSettings& settings =
        context.settings().GetExtension(TemplatesSettings::templates);
    cache_.emplace(context.database(), context.clock(),
                   CacheOptionsOf(settings, programs_));
    feed_.emplace(context.bus(), *cache_, context.logger());
    const TemplatesRpc::Parts parts = {.loop = context.loop(),
                                       .database = context.database(),
                                       .outbox = context.outbox(),
                                       .users = context.Need<UsersService>(),
                                       .cache = *cache_,
                                       .clock = context.clock(),
                                       .logger = context.logger()};
    rpc_.emplace(parts);
    context.Serve(Bind(*rpc_));
    feed_->Start();
  }

  Promise<void> Stop() override { return feed_->Stop(); }

 private:
  const std::shared_ptr<ProgramCache> programs_;
  std::optional<bus::Inbox> inbox_;
  std::optional<MessageListener> messages_;
  std::optional<TemplateCache> cache_;
  std::optional<CacheFeed> feed_;
  std::optional<TemplatesRpc> rpc_;
};

}  // namespace

runtime::ModuleFactory Modules() {
  return [programs = std::make_shared<ProgramCache>()] {
    return std::make_unique<TemplatesModule>(programs);
  };
}

}  // namespace millrace::templates
