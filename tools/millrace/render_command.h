// `millrace render FILE --data FILE.json [--partials DIR] [--watch]` and
// `millrace render --spec FILE.json`.
#ifndef MILLRACE_TOOLS_MILLRACE_RENDER_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_RENDER_COMMAND_H_

#include <CLI/CLI.hpp>

namespace millrace::cli {

// `code` gets the exit code when it was given: 0; 1 when the template, the
// data or a case of the specification is wrong; 2 when a file cannot be read.
void AddRender(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_RENDER_COMMAND_H_
