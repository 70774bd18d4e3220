// What a module is given. Loop thread only; everything here outlives the
// module. The database may be shared with other loops.
#ifndef MILLRACE_RUNTIME_MODULE_CONTEXT_H_
#define MILLRACE_RUNTIME_MODULE_CONTEXT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "contract/event.h"
#include "contract/service.h"
#include "events/emitter_options.h"
#include "http/message.h"
#include "loop/event_loop.h"
#include "tokens/key_set.h"

namespace millrace {
namespace config::v1 {
class Settings;
}  // namespace config::v1
namespace bus {
class Bus;
class Outbox;
}  // namespace bus
namespace store {
class Database;
}  // namespace store
}  // namespace millrace

namespace millrace::runtime {

// A plain HTTP route, for what is no RPC: "GET", "/.well-known/jwks.json".
// Texts that last, such as literals.
struct Route {
  std::string_view method;
  std::string_view pattern;  // as http/router.h has them

  bool operator==(const Route&) const = default;
};

// Answers a route. The call has the trace, the deadline and who calls, for what
// the answer needs of other services; call.signal is over with the handler, or
// with the deadline before. request.signal lasts until the client is gone, for
// what streams a body behind the handler. Rejecting with a StatusError is
// answered as http/status_mapping.h says.
using RouteHandler =
    std::function<Promise<http::Response>(const Call& call, http::Request)>;

// What a module that issues tokens has to know of the configuration.
struct TokenSettings {
  std::string issuer;
  std::string audience;
  std::string key_secret;  // empty: none
};

class ModuleContext {
 public:
  struct Parts {
    std::string module;
    EventLoop* loop = nullptr;
    store::Database* database = nullptr;  // null: the module has none
    bus::Bus* bus = nullptr;
    bus::Outbox* outbox = nullptr;  // null: no database
    Logger* logger = nullptr;
    Metrics* metrics = nullptr;
    const Clock* clock = nullptr;
    TokenSettings tokens;
    const config::v1::Settings* settings = nullptr;
    EmitterObserver* emitters = nullptr;
    absl::Duration listener_budget = absl::InfiniteDuration();
    std::vector<const ContractInfo*> contracts = {};
    std::vector<const ServiceInfo*> services = {};
  };

  // Where a needed service is: its binding in this process, or a channel to
  // the process that has it.
  struct Source {
    ServiceBinding local;
    Channel* remote = nullptr;
  };

  struct Subscription {
    const ContractInfo* contract = nullptr;
    std::string group;
    EventListener* listener = nullptr;
  };

  ModuleContext(Parts parts,
                std::vector<std::pair<const ServiceInfo*, Source>> needs);
  ~ModuleContext();
  ModuleContext(const ModuleContext&) = delete;
  ModuleContext& operator=(const ModuleContext&) = delete;

  EventLoop& loop() { return *parts_.loop; }
  Logger& logger() { return *parts_.logger; }
  Metrics& metrics() { return *parts_.metrics; }
  const Clock& clock() const { return *parts_.clock; }
  bus::Bus& bus() { return *parts_.bus; }

  // The module's own. Throw FAILED_PRECONDITION when it has no Migrations().
  store::Database& database();
  // Events put here go out if and only if their transaction commits.
  bus::Outbox& outbox();

  // For an EventEmitter of the module's own, which tells nobody outside of it:
  //   EventEmitter<v1::ParcelEvents> emitter(context.loop(),
  //                                          context.ForEmitter("parcels"));
  // Its emits and what hears them are spans of the trace (emitter_reports.h).
  // How long its listeners take is a metric (events/listener_metrics.h), and
  // one that takes longer than loop.budget a line of the log.
  EmitterOptions ForEmitter(std::string name) const {
    return {.name = std::move(name),
            .observer = parts_.emitters,
            .budget = parts_.listener_budget};
  }

  // A service that the module named in Needs(): the handler itself, or a
  // client of the process that has it. Throws FAILED_PRECONDITION for others.
  template <typename Service>
  Service& Need() {
    const Source& source = SourceOf(Service::Info());
    if (source.remote == nullptr) {
      return *static_cast<Service*>(source.local.service);
    }
    auto client = std::make_shared<typename Service::Client>(*source.remote);
    Service& service = *client;
    clients_.push_back(std::move(client));
    return service;
  }

  // Answers the calls of a service that the module named in Provides(). The
  // service lives as long as the module.
  void Serve(ServiceBinding binding) { served_.push_back(binding); }

  // Hands the events of a contract to `listener`, which lives as long as the
  // module. Processes that subscribe with one group share the events. Of the
  // loops of a process only the first is handed any (side_loops.h).
  void Subscribe(const ContractInfo& contract, std::string group,
                 EventListener& listener) {
    subscriptions_.push_back({&contract, std::move(group), &listener});
  }
  template <typename Contract>
  void Subscribe(std::string group, EventListener& listener) {
    Subscribe(Contract::Info(), std::move(group), listener);
  }

  // Answers a route that the module named in Routes(). The handler lives as
  // long as the module. A request passes the stages that calls do (pipeline.h)
  // but for access: no contract says who may, which is the handler's to say.
  void Handle(Route route, RouteHandler handler) {
    handlers_.emplace_back(route, std::move(handler));
  }
  void Handle(Route route, http::Handler handler) {
    handlers_.emplace_back(route, [handler = std::move(handler)](
                                      const Call&, http::Request request) {
      return handler(std::move(request));
    });
  }

  const TokenSettings& tokens() const { return parts_.tokens; }

  // What the configuration says to the modules, each of which knows its own
  // part: settings().GetExtension(ParcelsSettings::parcels), with the
  // settings.pb.h of the module included, or its defaults. Checked by what its
  // schema says of single values.
  const config::v1::Settings& settings() const { return *parts_.settings; }

  // The keys of the tokens that the module issues, for verifying them when
  // identity.jwks is "local". Called when they are wanted, often.
  void OfferKeys(std::function<tokens::KeySet()> keys) {
    keys_ = std::move(keys);
  }

  // Everything that the modules of this process name, and what the process
  // answers by itself: for a module that is about others, such as an audit
  // trail.
  const std::vector<const ContractInfo*>& contracts() const {
    return parts_.contracts;
  }
  const std::vector<const ServiceInfo*>& services() const {
    return parts_.services;
  }

  // For the host.
  const std::vector<std::pair<Route, RouteHandler>>& handlers() const {
    return handlers_;
  }
  tokens::KeySet OfferedKeys() const {
    return keys_ ? keys_() : tokens::KeySet();
  }
  const std::vector<ServiceBinding>& served() const { return served_; }
  const std::vector<Subscription>& subscriptions() const {
    return subscriptions_;
  }

 private:
  const Source& SourceOf(const ServiceInfo& info) const;

  const Parts parts_;
  const std::vector<std::pair<const ServiceInfo*, Source>> needs_;
  std::vector<std::shared_ptr<void>> clients_;
  std::vector<ServiceBinding> served_;
  std::vector<Subscription> subscriptions_;
  std::vector<std::pair<Route, RouteHandler>> handlers_;
  std::function<tokens::KeySet()> keys_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_MODULE_CONTEXT_H_
