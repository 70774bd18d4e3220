// One module in its host: its database, its outbox and relay, the module
// itself, and what it serves. Loop thread only.
//
// On another loop than the first, the database is the first loop's, the outbox
// wakes the relay there, and what the module wants to hear is left to the
// instance there (side_loops.h).
#ifndef MILLRACE_RUNTIME_HOSTED_MODULE_H_
#define MILLRACE_RUNTIME_HOSTED_MODULE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus/outbox.h"
#include "bus/relay.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "runtime/bus_host.h"
#include "runtime/emitter_reports.h"
#include "runtime/host_parts.h"
#include "runtime/module.h"
#include "runtime/module_database.h"
#include "runtime/pipeline.h"

namespace millrace::runtime {

class HostedModule {
 public:
  using Needs =
      std::vector<std::pair<const ServiceInfo*, ModuleContext::Source>>;

  // What the module's instances on other loops are given. Any thread may copy
  // and call it.
  struct Shared {
    store::Database* database = nullptr;  // null: the module has none
    std::function<void()> wake_relay;
  };

  // All of these outlive it.
  HostedModule(HostParts& parts, BusHost& bus, Pipeline& pipeline,
               ModuleFactory factory);
  ~HostedModule();

  const std::string& name() const { return name_; }
  // While there is one: not between two attempts to start it.
  const Module& module() const { return *module_; }
  const std::vector<const ServiceInfo*>& provides() const { return provides_; }

  // Resolves when the module runs. `before` is what has to be there first
  // besides its database, `needs` is called then. Goes on trying while
  // something is away, until `stop` aborts; rejects when it cannot work.
  Promise<void> Run(Promise<void> before, std::function<Needs()> needs,
                    AbortSignal stop);
  // On the first loop, once it has started.
  Shared Share();
  // On another one, before Run().
  void Use(Shared shared) { shared_ = std::move(shared); }

  // Resolves when Run() has; never rejects.
  Promise<void> started() const { return started_.promise(); }

  // What it serves under this name, once it runs.
  ServiceBinding Binding(std::string_view service) const;

  // It runs, and its database is there as far as is known. The first loop's
  // instance tells for all.
  bool serving() const;

  // The answer of a route of the module; UNAVAILABLE while it does not run.
  Promise<http::Response> Answer(const Route& route, const Call& call,
                                 http::Request request);

  // Those that the module offers; none while it does not run.
  tokens::KeySet Keys() const;

  Promise<void> Check();

  // Nothing while it does not run: Run() hands it what the configuration says
  // then.
  void Reload(const config::v1::Settings& settings);

  // The order of a drain. Each is fine for a module that never ran.
  Promise<void> Stop();
  Promise<void> Flush(absl::Duration bound);
  Promise<void> Close();

 private:
  store::Database* database() const;
  Promise<void> StartOnce(const Needs& needs);
  // Not running, for this reason.
  void Wait(const absl::Status& status);
  void Activate();
  void Forget();

  HostParts& parts_;
  BusHost& bus_;
  Pipeline& pipeline_;
  const ModuleFactory factory_;
  std::unique_ptr<Module> module_;
  const std::string name_;
  const std::vector<const ServiceInfo*> provides_;
  Logger& logger_;
  EmitterReports emitters_;
  // Null: the module has none, or the first loop has it.
  std::unique_ptr<ModuleDatabase> database_;
  Shared shared_;  // from the first loop
  std::unique_ptr<bus::Outbox> outbox_;
  std::unique_ptr<bus::OutboxRelay> relay_;
  std::unique_ptr<ModuleContext> context_;
  bool running_ = false;
  Deferred<void> started_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOSTED_MODULE_H_
