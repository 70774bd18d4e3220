#include "runtime/hosted_module.h"

#include <algorithm>
#include <atomic>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/loop_ref.h"
#include "runtime/retry.h"

namespace millrace::runtime {

namespace {

TokenSettings TokenSettingsOf(const Config& config) {
  return {.issuer = config.identity().issuer(),
          .audience = config.identity().audience(),
          .key_secret = config.identity().key_secret()};
}

absl::Duration ListenerBudgetOf(const Config& config) {
  const absl::Duration budget = DurationOf(config.loop().budget());
  return budget > absl::ZeroDuration() ? budget : absl::InfiniteDuration();
}

// Null when the module has not given one.
const RouteHandler* HandlerOf(const ModuleContext& context,
                              const Route& route) {
  for (const auto& [known, handler] : context.handlers()) {
    if (known == route) return &handler;
  }
  return nullptr;
}

}  // namespace

HostedModule::HostedModule(HostParts& parts, BusHost& bus, Pipeline& pipeline,
                           ModuleFactory factory)
    : parts_(parts),
      bus_(bus),
      pipeline_(pipeline),
      factory_(std::move(factory)),
      module_(factory_()),
      name_(module_->name()),
      provides_(module_->Provides()),
      logger_(parts.logger(name_)),
      emitters_(parts.metrics, logger_, parts.clock, &parts.spans) {
  if (parts.first_loop() && !module_->Migrations().empty()) {
    database_ = std::make_unique<ModuleDatabase>(parts, name_);
  }
  parts_.readiness.Need(name_);
}

// What the module was given has to outlive it.
HostedModule::~HostedModule() { Forget(); }

store::Database* HostedModule::database() const {
  return database_ == nullptr ? shared_.database : database_->get();
}

HostedModule::Shared HostedModule::Share() {
  Shared shared;
  if (database_ == nullptr) return shared;
  shared.database = database_->get();
  // One post for the commits of a burst.
  const auto posted = std::make_shared<std::atomic<bool>>(false);
  shared.wake_relay = [loop = LoopRef(parts_.loop), relay = relay_.get(),
                       posted] {
    if (posted->exchange(true)) return;
    loop.Post([relay, posted] {
      posted->store(false);
      relay->Wake();
    });
  };
  return shared;
}

Promise<void> HostedModule::Run(Promise<void> before,
                                std::function<Needs()> needs,
                                AbortSignal stop) {
  if (database_ != nullptr) {
    co_await database_->Open(module_->Migrations(), stop);
  }
  co_await WithSignal(std::move(before), stop);
  if (database() != nullptr) {
    bus::OutboxOptions options;
    options.spans = &parts_.spans;
    outbox_ = std::make_unique<bus::Outbox>(*database(), "/" + name_, options);
  }
  if (database_ == nullptr) {
    if (outbox_ != nullptr) outbox_->OnCommitted(shared_.wake_relay);
  } else {
    bus::RelayOptions options;
    options.name = name_;
    options.contracts = module_->Contracts();
    relay_ = std::make_unique<bus::OutboxRelay>(
        parts_.loop, *outbox_, bus_.transport(), logger_, parts_.metrics,
        std::move(options));
    ThrowIfError(relay_->Start());
  }
  for (int failures = 1;; ++failures) {
    const absl::Status status = co_await AsStatusOr(StartOnce(needs()));
    if (status.ok()) break;
    Wait(status);
    Forget();
    if (!IsTransient(status)) {
      Throw(absl::Status(
          status.code(),
          StrCat("module ", name_, " cannot start: ", MessageOf(status))));
    }
    co_await Delay(PauseAfter(failures), stop);
    module_ = factory_();
  }
  Activate();
  running_ = true;
  // What was reloaded while it started passed it by.
  module_->Reload(parts_.config.settings());
  parts_.readiness.Set(name_, absl::OkStatus());
  started_.Resolve();
}

Promise<void> HostedModule::StartOnce(const Needs& needs) {
  context_ = std::make_unique<ModuleContext>(
      ModuleContext::Parts{.module = name_,
                           .loop = &parts_.loop,
                           .database = database(),
                           .bus = &bus_.bus(),
                           .outbox = outbox_.get(),
                           .logger = &logger_,
                           .metrics = &parts_.metrics,
                           .clock = &parts_.clock,
                           .tokens = TokenSettingsOf(parts_.config),
                           .settings = &parts_.config.settings(),
                           .emitters = &emitters_,
                           .listener_budget = ListenerBudgetOf(parts_.config),
                           .contracts = parts_.contracts,
                           .services = parts_.services},
      needs);
  co_await module_->Start(*context_);
  for (const ServiceInfo* service : module_->Provides()) {
    if (Binding(service->full_name).info != nullptr) continue;
    Throw(absl::FailedPreconditionError(
        StrCat("it provides ", service->full_name,
               ", which it did not bind with Serve()")));
  }
  for (const Route& route : module_->Routes()) {
    if (HandlerOf(*context_, route) != nullptr) continue;
    Throw(absl::FailedPreconditionError(
        StrCat("it names the route ", route.method, " ", route.pattern,
               ", which it did not answer with Handle()")));
  }
}

// From here on the module is in use, and stays until the end.
void HostedModule::Activate() {
  for (const ModuleContext::Subscription& wanted : context_->subscriptions()) {
    if (!parts_.first_loop()) break;
    ThrowIfError(
        bus_.bus().Subscribe(*wanted.contract, wanted.group, *wanted.listener));
  }
  for (const ServiceBinding& binding : context_->served()) {
    ThrowIfError(pipeline_.Open(binding));
  }
}

void HostedModule::Wait(const absl::Status& status) {
  parts_.readiness.Set(name_, status);
  for (const ServiceInfo* service : module_->Provides()) {
    pipeline_.Close(service->full_name, std::string(MessageOf(status)));
  }
}

void HostedModule::Reload(const config::v1::Settings& settings) {
  if (running_) module_->Reload(settings);
}

void HostedModule::Forget() {
  module_.reset();
  context_.reset();
}

ServiceBinding HostedModule::Binding(std::string_view service) const {
  if (context_ == nullptr) return {};
  for (const ServiceBinding& binding : context_->served()) {
    if (binding.info->full_name == service) return binding;
  }
  return {};
}

bool HostedModule::serving() const {
  return running_ && parts_.readiness.StatusOf(name_).ok() &&
         parts_.readiness.StatusOf(name_ + ".database").ok();
}

Promise<http::Response> HostedModule::Answer(const Route& route,
                                             const Call& call,
                                             http::Request request) {
  if (!running_) {
    return Promise<http::Response>::Reject(
        absl::UnavailableError(StrCat("module ", name_, " is not ready")));
  }
  return (*HandlerOf(*context_, route))(call, std::move(request));
}

tokens::KeySet HostedModule::Keys() const {
  return running_ ? context_->OfferedKeys() : tokens::KeySet();
}

Promise<void> HostedModule::Check() {
  if (database_ == nullptr) co_return;
  co_await database_->Check();
  // Without an answer the metrics stay as they were; Check() has said why.
  if (relay_ != nullptr) (void)co_await AsStatusOr(relay_->Measure());
}

Promise<void> HostedModule::Stop() {
  if (!running_) return Promise<void>::Resolve();
  return module_->Stop();
}

Promise<void> HostedModule::Flush(absl::Duration bound) {
  if (relay_ == nullptr) return Promise<void>::Resolve();
  return relay_->Stop(bound);
}

Promise<void> HostedModule::Close() {
  if (database_ == nullptr) return Promise<void>::Resolve();
  return database_->Close();
}

}  // namespace millrace::runtime
