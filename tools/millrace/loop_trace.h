// Runs a scheduling scenario, a tree of operations in JSON, on an event loop
// of its own and prints the trace it leaves: {"trace":["a","b"]}. The same
// document interpreted in Node.js must leave the same trace.
//
// To be called on a thread that has no EventLoop.
#ifndef MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_H_
#define MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string_view>

#include "loop/event_loop.h"

namespace millrace {

struct LoopTraceOptions {
  // Called before the run, for instance to give the loop a poll source; what
  // it returns lives until after the run.
  std::function<std::shared_ptr<void>(EventLoop& loop)> prepare;
  double scale = 1;  // of every time
};

// 0, or 2 after saying on stderr what is wrong with the scenario.
int RunLoopTrace(std::string_view scenario_json, std::ostream& out,
                 const LoopTraceOptions& options = {});

}  // namespace millrace

#endif  // MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_H_
