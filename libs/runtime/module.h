// A part of a process that answers for services of its own: what it needs,
// what it provides, and how it starts. Written by services, driven by Host.
//
//   class UsersModule final : public runtime::Module {
//    public:
//     std::string_view name() const override { return "users"; }
//     std::vector<const ServiceInfo*> Provides() const override {
//       return {&v1::UsersService::Info()};
//     }
//     std::vector<store::Migration> Migrations() const override {
//       return UsersMigrations();
//     }
//     Promise<void> Start(runtime::ModuleContext& context) override {
//       rpc_.emplace(context.database(), context.outbox(), context.clock());
//       context.Serve(Bind(*rpc_));
//       return Promise<void>::Resolve();
//     }
//   };
//
// Loop thread only. With `loops: N` there are N instances, one on each loop,
// each started there, the first loop's before the others. They share the
// database. Calls reach any of them, events only the first loop's: what has to
// be the same for all belongs into the database.
#ifndef MILLRACE_RUNTIME_MODULE_H_
#define MILLRACE_RUNTIME_MODULE_H_

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "contract/event.h"
#include "contract/service.h"
#include "loop/promise.h"
#include "runtime/module_context.h"
#include "store/migration.h"

namespace millrace::runtime {

class Module {
 public:
  virtual ~Module() = default;

  // In lower case: the key of its settings, and of its database.
  virtual std::string_view name() const = 0;

  // Services that Start() binds with ModuleContext::Serve().
  virtual std::vector<const ServiceInfo*> Provides() const { return {}; }

  // Services that it calls: those of a module of this process, which starts
  // before it, or else those of the process that `remote` of the configuration
  // names.
  virtual std::vector<const ServiceInfo*> Needs() const { return {}; }

  // Routes that Start() gives handlers with ModuleContext::Handle(). Until then
  // they answer 503.
  virtual std::vector<Route> Routes() const { return {}; }

  // Whether Start() calls ModuleContext::OfferKeys(). Of the modules of a
  // process at most one does.
  virtual bool OffersKeys() const { return false; }

  // Contracts whose events it emits or listens to. Their topics exist before
  // Start(), and BusService knows their events.
  virtual std::vector<const ContractInfo*> Contracts() const { return {}; }

  // The schema of its database; without one it has none.
  virtual std::vector<store::Migration> Migrations() const { return {}; }

  // Called once the module's database is migrated, its bus answers and all it
  // needs has started. `context` outlives the module. When it rejects with
  // UNAVAILABLE or DEADLINE_EXCEEDED, the module is destroyed and a new one
  // started later; any other error ends the process. What it was asked to
  // serve and to subscribe takes effect when it has resolved.
  virtual Promise<void> Start(ModuleContext& context) = 0;

  // Called when what may change of the configuration has been read again, once
  // Start() has resolved: puts in place what its schema of settings marks
  // `reload`. Cannot fail.
  virtual void Reload(const config::v1::Settings& /*settings*/) {}

  // Called when no call and no event comes any more. What it emits still goes
  // out.
  virtual Promise<void> Stop() { return Promise<void>::Resolve(); }
};

using ModuleFactory = std::function<std::unique_ptr<Module>()>;

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_MODULE_H_
