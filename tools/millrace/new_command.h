// `millrace new NAME`: a service that builds, runs and passes its test.
#ifndef MILLRACE_TOOLS_MILLRACE_NEW_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_NEW_COMMAND_H_

namespace CLI {
class App;
}

namespace millrace::cli {

// Adds the command to `app`; `code` becomes the exit code when it is run.
void AddNew(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_NEW_COMMAND_H_
