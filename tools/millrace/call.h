// `millrace call METHOD JSON`: any method of the platform from a shell.
#ifndef MILLRACE_TOOLS_MILLRACE_CALL_H_
#define MILLRACE_TOOLS_MILLRACE_CALL_H_

#include <string>

#include "tools/millrace/client.h"

namespace millrace::cli {

// Prints the reply as JSON, or each reply of a stream on a line of its own.
// `json` "-" is read from standard input. Returns the exit code.
int CallMethod(const ClientOptions& options, const std::string& method,
               const std::string& json);

// Prints every method with its request and reply.
int ListMethods();

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_CALL_H_
