// What the pieces of a host share. All of it outlives them.
#ifndef MILLRACE_RUNTIME_HOST_PARTS_H_
#define MILLRACE_RUNTIME_HOST_PARTS_H_

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/span.h"
#include "contract/event.h"
#include "contract/service.h"
#include "loop/event_loop.h"
#include "runtime/config.h"
#include "runtime/readiness.h"

namespace millrace::runtime {

struct HostParts {
  EventLoop& loop;
  const Config& config;
  const Clock& clock;
  // The logger of a service, or of "millrace" for the host itself.
  std::function<Logger&(const std::string& service)> logger;
  Metrics& metrics;
  Readiness& readiness;
  SpanSink& spans;
  // Which of the process's loops this is: see side_loops.h.
  int loop_index = 0;
  // All that its modules name, before any of them starts; the process's own
  // services among them.
  std::vector<const ContractInfo*> contracts = {};
  std::vector<const ServiceInfo*> services = {};

  bool first_loop() const { return loop_index == 0; }
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOST_PARTS_H_
