// What the debug page tells, as JSON texts: these cross threads, what they tell
// of does not.
#ifndef MILLRACE_RUNTIME_DEBUG_FACTS_H_
#define MILLRACE_RUNTIME_DEBUG_FACTS_H_

#include <string>
#include <vector>

#include "runtime/heap.h"
#include "runtime/host.h"
#include "runtime/logs.h"
#include "runtime/prometheus.h"

namespace millrace::runtime {

// Of a loop, on its thread: the members of a JSON object.
//
// "turns", "times": how late it is and what its phases and its worker pool
// take, see LoopMetrics::times(); "workers": their queue.
std::string LoopFacts(Host& host);
// "handles": what is open, and where it was made.
std::string HandleFacts(Host& host);
// "activities": the calls and events that are not over, the oldest first, each
// with what it waits for ("waits"); "other_waits": on behalf of nobody known.
std::string ActivityFacts(Host& host);
// "coroutines": those that wait, the longest first, at most a thousand, each
// with the coroutine that it waits for, if it is one; "count" of all.
std::string CoroutineFacts(Host& host);

// Any thread.
//
// "memory", "threads" and what /proc tells of the process.
std::string ProcessFacts(PrometheusMetrics& metrics);
// {"allocated_bytes":N,"sites":[...]}: where memory was allocated, the most
// bytes first, at most a hundred of them.
std::string AllocationFacts(const std::vector<AllocationSite>& sites);
// An array of the metrics whose names begin so.
std::string MetricFacts(PrometheusMetrics& metrics, const std::string& prefix);
// {"levels":{"users":"info",...}}
std::string LogFacts(const Logs& logs);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_DEBUG_FACTS_H_
