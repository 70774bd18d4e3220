// `millrace login EMAIL` and `millrace logout`.
#ifndef MILLRACE_TOOLS_MILLRACE_LOGIN_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_LOGIN_COMMAND_H_

namespace CLI {
class App;
}

namespace millrace::cli {

// Adds the commands to `app`; `code` becomes the exit code when one is run.
void AddLogin(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_LOGIN_COMMAND_H_
