// Tells a TemplateCache what was changed, in this process or another: reads the
// tail of TemplateEvents, without a group, so that every instance hears every
// event. While the bus is away the cache keeps nothing.
//
// An event of the moment in which the tail begins may be missed; the cache's
// max_age makes up for it.
//
// Loop thread; everything it is given outlives it.
#ifndef MILLRACE_SERVICES_TEMPLATES_CACHE_FEED_H_
#define MILLRACE_SERVICES_TEMPLATES_CACHE_FEED_H_

#include <memory>

#include "absl/time/time.h"
#include "base/logger.h"
#include "bus/bus.h"
#include "loop/promise.h"
#include "services/templates/cache.h"

namespace millrace::templates {

struct CacheFeedOptions {
  absl::Duration retry_after = absl::Seconds(1);
};

class CacheFeed {
 public:
  CacheFeed(bus::Bus& bus, TemplateCache& cache, Logger& logger,
            CacheFeedOptions options = {});
  // What still waits then touches nothing any more.
  ~CacheFeed();
  CacheFeed(const CacheFeed&) = delete;
  CacheFeed& operator=(const CacheFeed&) = delete;

  void Start() { following_ = Follow(state_); }

  // Resolves when it listens no more.
  Promise<void> Stop();

 private:
  struct State;

  static Promise<void> Follow(std::shared_ptr<State> state);
  static Promise<absl::Status> Listen(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
  Promise<void> following_ = Promise<void>::Resolve();
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_CACHE_FEED_H_
