#include "services/templates/cache_feed.h"

#include <exception>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/abort.h"
#include "loop/timer_promises.h"
#include "templates/v1/events.millrace.h"

namespace millrace::templates {

using ::templates::v1::TemplateEvents;

struct CacheFeed::State {
  bus::Bus& bus;
  TemplateCache& cache;
  Logger& logger;
  const CacheFeedOptions options;
  // Once aborted nothing else here is touched: it may be gone.
  const AbortController stop;
};

namespace {

template <typename E>
std::string TypeOf() {
  return std::string(E::Contract::Info().events[E::kIndex].type);
}

}  // namespace

CacheFeed::CacheFeed(bus::Bus& bus, TemplateCache& cache, Logger& logger,
                     CacheFeedOptions options)
    : state_(new State{.bus = bus,
                       .cache = cache,
                       .logger = logger,
                       .options = options,
                       .stop = AbortController()}) {}

CacheFeed::~CacheFeed() { state_->stop.Abort(); }

Promise<void> CacheFeed::Stop() {
  state_->stop.Abort(absl::CancelledError("the service stops"));
  state_->cache.SetHearing(false);
  co_await following_;
}

// Rejects never.
Promise<void> CacheFeed::Follow(std::shared_ptr<State> state) {
  const AbortSignal stopped = state->stop.signal();
  while (!stopped.aborted()) {
    const absl::Status status = co_await Listen(state);
    if (stopped.aborted()) break;
    state->cache.SetHearing(false);
    state->logger.Warning(
        "changes of templates are not heard of; templates are compiled for "
        "each use until they are",
        {{"error", MessageOf(status)}});
    try {
      const WaitOptions options(stopped, /*keep=*/false);
      co_await Wait(state->options.retry_after, options);
    } catch (...) {
      break;
    }
  }
}

// Until the tail ends, and why.
Promise<absl::Status> CacheFeed::Listen(std::shared_ptr<State> state) {
  bus::TailOptions options;
  // What changes which version is rendered; these are keyed by name.
  options.types = {
      TypeOf<TemplateEvents::Published>(), TypeOf<TemplateEvents::Archived>(),
      TypeOf<TemplateEvents::Restored>(), TypeOf<TemplateEvents::Deleted>()};
  state->cache.SetHearing(true);
  try {
    auto events =
        state->bus.Tail({&TemplateEvents::Info()}, std::move(options));
    const auto drop = [&cache = state->cache](const EventEnvelope& event) {
      cache.Drop(event.key);
    };
    const ForEachOptions until{.signal = state->stop.signal()};
    co_await std::move(events).ForEach(drop, until);
  } catch (...) {
    co_return StatusFrom(std::current_exception());
  }
  co_return absl::UnavailableError("the bus has closed");
}

}  // namespace millrace::templates
