#include "runtime/host.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "millrace/v1/bus.millrace.h"
#include "millrace/v1/trace.millrace.h"
#include "rpc/channel.h"
#include "runtime/bus_rpc.h"
#include "runtime/config_limits.h"
#include "runtime/config_remote.h"
#include "runtime/config_validate.h"
#include "runtime/host_export.h"
#include "runtime/host_limits.h"
#include "runtime/overrun_log.h"
#include "runtime/token_identity.h"
#include "runtime/token_keys.h"
#include "runtime/trace_rpc.h"
#include "runtime/traced_channel.h"

namespace millrace::runtime {
namespace {

// How often what is missing is looked for.
constexpr absl::Duration kMissingInterval = absl::Milliseconds(500);

// The local bus, or the SQLite file of a service.
bool UsesDataDir(const Config& config) {
  if (config.bus().transport() == "local") return true;
  return std::any_of(config.services().begin(), config.services().end(),
                     [&config](const std::string& service) {
                       const auto found = config.databases().find(service);
                       return found == config.databases().end() ||
                              found->second.url().empty();
                     });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Host>> Host::Create(EventLoop& loop,
                                                   PrometheusMetrics& metrics,
                                                   HostOptions options) {
  if (options.tracing == nullptr) {
    options.tracing = MakeTracing(options.config, metrics);
  }
  if (options.limiter == nullptr) {
    options.limiter = std::make_shared<CallLimiter>(
        CallLimitsOf(options.config), options.config.calls().buckets(),
        metrics);
  }
  auto tls = LoadTls(options.config, options.clock);
  if (!tls.ok()) return tls.status();
  options.tls = *std::move(tls);
  return Make(loop, metrics, std::move(options), 0, nullptr);
}

absl::StatusOr<std::unique_ptr<Host>> Host::Make(EventLoop& loop,
                                                 PrometheusMetrics& metrics,
                                                 HostOptions options,
                                                 int loop_index, Host* first) {
  std::unique_ptr<Host> host(
      new Host(loop, metrics, std::move(options), loop_index));
  // Modules keep it: were it not there, the default of its type would be handed
  // out, and a reload would change another.
  host->options_.config.mutable_settings();
  if (absl::Status status = host->Observe(first); !status.ok()) return status;
  if (absl::Status status = host->MakeModules(); !status.ok()) return status;
  return host;
}

Host::Host(EventLoop& loop, PrometheusMetrics& metrics, HostOptions options,
           int loop_index)
    : loop_(loop),
      metrics_(metrics),
      options_(std::move(options)),
      logger_(options_.logger("millrace")),
      loop_metrics_(loop_, LoopNameOf(loop_index), metrics_),
      readiness_(logger_),
      parts_{loop_,
             options_.config,
             options_.clock == nullptr ? system_clock_ : *options_.clock,
             options_.logger,
             metrics_,
             readiness_,
             *options_.tracing,
             loop_index},
      engine_(loop),
      remotes_(parts_),
      bus_(parts_, loop_index == 0 ? options_.transport : nullptr) {
  if (loop_index == 0 && options_.config.loops() > 1)
    readiness_.Need(kOtherLoops);
}

Host::~Host() {
  sides_.reset();
  bus_.Forget();
}

absl::Status Host::Observe(Host* first) {
  loop_.SetWorkers(options_.config.loop().worker_threads(),
                   options_.config.loop().worker_queue());
  if (first == nullptr) {
    first = this;
    watchdog_ = std::make_unique<Watchdog>(
        DurationOf(options_.config.loop().budget()),
        [log = OverrunLog(logger_, metrics_),
         also = options_.on_overrun](const Overrun& overrun) mutable {
          log(overrun);
          if (also) also(overrun);
        });
    const std::string& path = options_.config.loop().timeline();
    if (!path.empty()) {
      auto timeline = Timeline::Open(path);
      if (!timeline.ok()) return timeline.status();
      timeline_ = *std::move(timeline);
    }
  }
  const std::string name = LoopNameOf(parts_.loop_index);
  watch_of_loop_ = first->watchdog_->Add(loop_, name);
  if (first->timeline_ != nullptr) {
    recording_ = first->timeline_->Record(loop_, name);
  }
  return absl::OkStatus();
}

absl::Status Host::MakeModules() {
  const auto& names = options_.config.services();
  std::vector<ModuleFactory> factories;
  std::vector<std::unique_ptr<Module>> probes;
  std::vector<const Module*> modules;
  parts_.services = {&::millrace::v1::BusService::Info(),
                     &::millrace::v1::TraceService::Info()};
  for (const ModuleFactory& factory : options_.modules) {
    std::unique_ptr<Module> probe = factory();
    if (std::find(names.begin(), names.end(), probe->name()) == names.end()) {
      continue;
    }
    for (const ServiceInfo* service : probe->Provides()) {
      parts_.services.push_back(service);
    }
    for (const ContractInfo* contract : probe->Contracts()) {
      const auto same = [&](const ContractInfo* known) {
        return known->full_name == contract->full_name;
      };
      std::vector<const ContractInfo*>& all = parts_.contracts;
      if (std::none_of(all.begin(), all.end(), same)) {
        all.push_back(contract);
      }
    }
    factories.push_back(factory);
    modules.push_back(probe.get());
    probes.push_back(std::move(probe));
  }
  auto wiring = Wire(modules, {options_.config.remote().begin(),
                               options_.config.remote().end()});
  if (!wiring.ok()) return wiring.status();
  wiring_ = *std::move(wiring);
  if (parts_.first_loop()) WarnOfUnused();
  MakePipeline(parts_.services);
  for (ModuleFactory& factory : factories) {
    modules_.push_back(std::make_unique<HostedModule>(parts_, bus_, *pipeline_,
                                                      std::move(factory)));
  }
  return MakeIdentity();
}

void Host::WarnOfUnused() {
  for (const auto& [name, address] : options_.config.remote()) {
    bool used = false;
    for (const auto& needs : wiring_.needs) {
      for (const WiredNeed& need : needs) {
        used |= need.remote == address && PackageOf(*need.service) == name;
      }
    }
    if (used) continue;
    logger_.Warning("a remote service is configured that nothing here calls",
                    {{"setting", StrCat("remote.", name)}});
  }
}

void Host::MakePipeline(std::vector<const ServiceInfo*> services) {
  PipelineOptions options;
  options.default_deadline =
      DurationOf(options_.config.calls().default_deadline());
  options.log = CallLogOf(options_.config.log().calls());
  options.check_access = options_.config.identity().access();
  options.limiter = options_.limiter.get();
  options.spans = &parts_.spans;
  const config::v1::Identity& identity = options_.config.identity();
  if (!identity.jwks().empty()) {
    options.prepare = [this](const IncomingCall& call) {
      return identity_->Prepare(call);
    };
  }
  if (!identity.jwks().empty() || identity.certificates()) {
    options.identify = [this](const IncomingCall& call) {
      return Identify(call);
    };
  }
  pipeline_ = std::make_unique<Pipeline>(
      std::move(services), std::move(options), parts_.clock, logger_, metrics_);
}

void Host::SetServing(const Serving& serving) {
  if (grpc_ == nullptr) return;
  for (const auto& [service, serves] : serving) {
    grpc_->SetServing(service, serves);
  }
}

// A service follows the module that provides it, whatever else is away.
Host::Serving Host::ServingNow() const {
  const bool stays = !readiness_.draining();
  Serving serving;
  serving[""] = readiness_.ready();
  serving[std::string(::millrace::v1::BusService::Info().full_name)] =
      stays && bus_rpc_ != nullptr && readiness_.StatusOf("bus").ok();
  serving[std::string(::millrace::v1::TraceService::Info().full_name)] =
      stays && trace_rpc_ != nullptr;
  for (const auto& module : modules_) {
    for (const ServiceInfo* service : module->provides()) {
      serving[std::string(service->full_name)] = stays && module->serving();
    }
  }
  return serving;
}

Promise<void> Host::TellReadiness(bool ready) {
  const Serving serving = ServingNow();
  SetServing(serving);
  if (sides_ != nullptr) co_await AsStatusOr(sides_->SetServing(serving));
  if (ready) first_ready_.Resolve();
}

Promise<void> Host::Start() {
  ThrowIfError(MakeSideLoops());
  ThrowIfError(Listen());
  ThrowIfError(StartExport());
  tls_reload_ = std::make_unique<TlsReload>(
      loop_, options_.tls, DurationOf(options_.config.tls_reload_interval()),
      logger_, metrics_);
  if (UsesDataDir(options_.config)) {
    data_dir_ = ValueOrThrow(DataDir::Lock(options_.config.data_dir()));
  }
  starting_.Spawn(OpenBus());
  for (const int index : wiring_.order) starting_.Spawn(RunModule(index));
  if (sides_ != nullptr) starting_.Spawn(StartSideLoops());
  started_ = starting_.Join();
  Watch();
  WatchRemotes();
  co_await *started_;
  co_await first_ready_.promise();
}

Promise<void> Host::ModulesStarted() {
  std::vector<Promise<void>> all = {bus_open_.promise()};
  for (const auto& module : modules_) all.push_back(module->started());
  return WithSignal(All(std::move(all)), starting_.signal());
}

Promise<void> Host::OpenBus() {
  co_await bus_.Open(starting_.signal());
  bus_rpc_ = std::make_unique<BusRpc>(bus_.bus(), parts_.contracts, logger_);
  ThrowIfError(pipeline_->Open(Bind(*bus_rpc_)));
  trace_rpc_ = std::make_unique<TraceRpc>(
      options_.tracing->ring(), bus_.bus(), parts_.contracts,
      std::vector<std::string>(options_.config.services().begin(),
                               options_.config.services().end()));
  ThrowIfError(pipeline_->Open(Bind(*trace_rpc_)));
  bus_open_.Resolve();
  co_await bus_.MakeTopics(parts_.contracts, starting_.signal());
}

Promise<void> Host::RunModule(int index) {
  std::vector<Promise<void>> before = {bus_open_.promise()};
  for (const WiredNeed& need : wiring_.needs[index]) {
    if (need.provider < 0) continue;
    before.push_back(modules_[need.provider]->started());
  }
  return modules_[index]->Run(
      All(std::move(before)), [this, index] { return NeedsOf(index); },
      starting_.signal());
}

HostedModule::Needs Host::NeedsOf(int index) {
  HostedModule::Needs needs;
  for (const WiredNeed& need : wiring_.needs[index]) {
    ModuleContext::Source source;
    if (need.provider >= 0) {
      source.local = modules_[need.provider]->Binding(need.service->full_name);
    } else {
      source.remote = &ChannelTo(need.remote);
    }
    needs.emplace_back(need.service, source);
  }
  return needs;
}

Channel& Host::ChannelTo(const std::string& address) {
  std::unique_ptr<Channel>& channel = channels_[address];
  if (channel == nullptr) {
    rpc::ChannelOptions options = ChannelOptionsOf(options_.config, address);
    options.tls = options_.tls.remote;
    options.metrics = &metrics_;
    channel = NewTracedChannel(rpc::NewChannel(engine_, std::move(options)),
                               address, parts_.spans);
  }
  return *channel;
}

void Host::WatchRemotes() {
  std::map<std::string, RemoteWatch::Remote> found;  // by service
  for (size_t i = 0; i < modules_.size(); ++i) {
    for (const WiredNeed& need : wiring_.needs[i]) {
      if (need.provider >= 0) continue;
      RemoteWatch::Remote& remote = found[std::string(need.service->full_name)];
      remote.service = std::string(need.service->full_name);
      remote.channel = &ChannelTo(need.remote);
      remote.callers.push_back(modules_[i]->name());
    }
  }
  std::vector<RemoteWatch::Remote> remotes;
  for (auto& [service, remote] : found) remotes.push_back(std::move(remote));
  remotes_.Start(std::move(remotes));
}

void Host::Watch() {
  const absl::Duration pause =
      readiness_.ready() ? DurationOf(options_.config.readiness_interval())
                         : kMissingInterval;
  watch_ = loop_.SetTimeout(pause, [this] { check_ = CheckAll(); });
  watch_.Unref();
}

Promise<void> Host::CheckAll() {
  bus_.Check();
  std::vector<Promise<void>> checks;
  checks.push_back(bus_.Measure());
  for (const auto& module : modules_) checks.push_back(module->Check());
  co_await All(std::move(checks));
  if (!draining_) Watch();
}

}  // namespace millrace::runtime
