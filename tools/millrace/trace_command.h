// `millrace trace`: the tree of requests, events and handlers of a trace.
#ifndef MILLRACE_TOOLS_MILLRACE_TRACE_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_TRACE_COMMAND_H_

#include <CLI/CLI.hpp>

namespace millrace::cli {

// The command writes its exit code: 0 when something is known of the trace, 1
// when nothing is or nobody could be asked.
void AddTrace(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_TRACE_COMMAND_H_
