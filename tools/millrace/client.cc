#include "tools/millrace/client.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/signals.h"
#include "rpc/channel.h"
#include "rpc/engine.h"
#include "tls/credentials.h"
#include "tools/millrace/session.h"

namespace millrace::cli {
namespace {

int Report(const absl::Status& status) {
  const auto violations = Violations(status);
  std::cerr << CodeName(status.code()) << ": " << MessageOf(status) << "\n";
  if (violations.size() > 1) {
    for (const FieldViolation& violation : violations) {
      std::cerr << "  " << violation.field << ": " << violation.description
                << "\n";
    }
  }
  return 1;
}

// Null: plain text.
absl::StatusOr<std::shared_ptr<tls::Credentials>> CertificatesOf(
    const ClientOptions& options) {
  if (!UsesTls(options)) return std::shared_ptr<tls::Credentials>();
  return tls::Credentials::Load({.role = tls::Options::Role::kClient,
                                 .setting = "tls",
                                 .certificate_file = options.certificate_file,
                                 .key_file = options.key_file,
                                 .ca_file = options.ca_file});
}

// As whoever has logged in for this process, if anybody has.
Promise<void> RunAsCaller(const Command& command, const ClientOptions& options,
                          const ChannelTo& channel_to, Channel& channel,
                          Call* call) {
  if (!options.anonymous) {
    call->context.token = co_await AccessToken(options.target, UsesTls(options),
                                               *call, channel_to);
  }
  co_await command(channel, *call);
}

Promise<void> StopAfter(Promise<void> command, absl::Status* result,
                        EventLoop& loop) {
  *result = co_await AsStatusOr(std::move(command));
  loop.Stop();
}

// An option whose default the environment may say.
CLI::Option* AddWithEnvironment(CLI::App* command, const std::string& name,
                                std::string* value, const std::string& about,
                                const char* variable) {
  const char* text = std::getenv(variable);
  if (text != nullptr && *text != '\0') *value = text;
  return command->add_option(name, *value,
                             StrCat(about, " (or ", variable, ")"));
}

}  // namespace

bool UsesTls(const ClientOptions& options) {
  return !options.ca_file.empty() || !options.certificate_file.empty() ||
         !options.key_file.empty();
}

void AddTlsOptions(CLI::App* command, ClientOptions* options) {
  AddWithEnvironment(command, "--tls-ca", &options->ca_file,
                     "Speak TLS with who has a certificate of the authorities "
                     "in this PEM file",
                     "MILLRACE_TLS_CA");
  AddWithEnvironment(command, "--tls-cert", &options->certificate_file,
                     "The certificate to show, a PEM file",
                     "MILLRACE_TLS_CERT");
  AddWithEnvironment(command, "--tls-key", &options->key_file,
                     "Its key, a PEM file", "MILLRACE_TLS_KEY");
}

CLI::Option* AddClientOptions(CLI::App* command, ClientOptions* options,
                              const std::string& about) {
  CLI::Option* target = AddWithEnvironment(command, "--grpc", &options->target,
                                           about, "MILLRACE_TARGET");
  target->capture_default_str();
  AddTlsOptions(command, options);
  return target;
}

int RunClient(const ClientOptions& options, Command command) {
  const auto certificates = CertificatesOf(options);
  if (!certificates.ok()) return Report(certificates.status());
  EventLoop loop;
  rpc::Engine engine(loop);
  const ChannelTo channel_to = [&](const std::string& target) {
    return rpc::NewChannel(engine, {.target = target, .tls = *certificates});
  };
  const std::unique_ptr<Channel> channel = channel_to(options.target);

  AbortController interrupted;
  SignalWatcher on_interrupt(loop, SIGINT, [&] { interrupted.Abort(); });
  Call call;
  call.context.trace = TraceContext::NewRoot();
  call.context.deadline = absl::Now() + options.timeout;
  call.signal = interrupted.signal();

  absl::Status result;
  const Promise<void> done =
      StopAfter(RunAsCaller(command, options, channel_to, *channel, &call),
                &result, loop);
  loop.Run();
  if (interrupted.signal().aborted()) return kInterrupted;
  return result.ok() ? 0 : Report(result);
}

}  // namespace millrace::cli
