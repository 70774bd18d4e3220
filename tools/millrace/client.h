// A loop and a channel for the length of one command.
#ifndef MILLRACE_TOOLS_MILLRACE_CLIENT_H_
#define MILLRACE_TOOLS_MILLRACE_CLIENT_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "contract/service.h"
#include "loop/promise.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace millrace::cli {

struct ClientOptions {
  std::string target = "127.0.0.1:9090";  // the gRPC address of a process
  absl::Duration timeout = absl::Seconds(10);
  // PEM files: whom to trust, and what to show who asks. Plain text without.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  // Whether the session of `millrace login` is left out (session.h).
  bool anonymous = false;
};

// Whether what is said to a process is encrypted.
bool UsesTls(const ClientOptions& options);

// --tls-ca, --tls-cert and --tls-key. What the environment says becomes the
// default of `options` at once: by CLI11's envname() it would be written over
// what is given to another command that has the same `options`.
void AddTlsOptions(CLI::App* command, ClientOptions* options);

// The same and --grpc, which is returned.
CLI::Option* AddClientOptions(
    CLI::App* command, ClientOptions* options,
    const std::string& about = "The gRPC address of a running process");

// The exit code of who was interrupted, as shells have it: 128 and SIGINT.
constexpr int kInterrupted = 130;

// Runs `command` on a loop of its own until its promise has settled. Interrupts
// abort the call's signal, which ends a stream cleanly. Returns the exit code:
// 0; kInterrupted; or 1 after it has printed "CODE: message" and every
// violation to stderr.
using Command = std::function<Promise<void>(Channel&, const Call&)>;
int RunClient(const ClientOptions& options, Command command);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_CLIENT_H_
