// The command `millrace loop-trace`: see loop_trace.h.
#ifndef MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_COMMAND_H_

#include <CLI/CLI.hpp>

namespace millrace::cli {

// `code` gets the exit code when the command was given.
void AddLoopTrace(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_LOOP_TRACE_COMMAND_H_
