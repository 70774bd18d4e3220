// The tree of a trace: requests, the events that they emitted, who was handed
// those, and what that led to; within a process, what its emitters emitted and
// which listeners heard it. Put together from what several processes know
// (millrace.v1.TraceService). Pure.
//
// A span hangs below the span that is its parent, in whatever process. Where
// the parent is forgotten (spans are kept in memory, see trace.proto) an event
// hangs below the event that caused it, as its own `causationid` says, and what
// has no such event is a root.
#ifndef MILLRACE_TOOLS_MILLRACE_TRACE_TREE_H_
#define MILLRACE_TOOLS_MILLRACE_TRACE_TREE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "millrace/v1/trace.pb.h"

namespace millrace::cli {

struct TraceNode {
  enum class Kind { kRequest, kEvent, kHandler, kEmit, kListener };

  Kind kind = Kind::kRequest;
  // The method, the event's type, the consumer group, the event of an emitter,
  // the listener.
  std::string name;
  absl::Time start;
  absl::Duration duration;  // of a handler: of all attempts and the pauses
  std::string outcome;      // "done", "failed", "retrying", "dead letter"
  std::string error;        // of the last attempt
  int attempts = 0;         // of a handler
  std::string source;       // a request's face, who emitted, the emitter
  std::string event_id;     // of an event and a handler
  std::string key;          // of an event
  // Nothing is left of it but what others say.
  bool forgotten = false;
  std::vector<TraceNode> children;  // by their start
};

struct TraceTree {
  std::string trace_id;
  absl::Time start;  // of what was first
  std::vector<TraceNode> roots;
  bool truncated = false;
};

TraceTree MakeTraceTree(const std::vector<v1::GetTraceResponse>& answers);

// A line for each node, with its offset from the start of the trace.
std::string TraceText(const TraceTree& tree);

// One JSON object; names as in TraceNode, times in RFC 3339 and milliseconds.
std::string TraceJson(const TraceTree& tree);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_TRACE_TREE_H_
