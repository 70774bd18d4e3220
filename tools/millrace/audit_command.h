// `millrace audit verify`: computes the hash chain of the audit trail again,
// through a running process or in a database.
#ifndef MILLRACE_TOOLS_MILLRACE_AUDIT_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_AUDIT_COMMAND_H_

#include <CLI/CLI.hpp>

namespace millrace::cli {

// `code` gets the exit code when the command was given: 0 when the chain holds,
// 1 when it does not, 2 when that cannot be told.
void AddAudit(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_AUDIT_COMMAND_H_
