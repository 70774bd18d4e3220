#include "tools/millrace/client.h"

#include <CLI/CLI.hpp>
#include <csignal>
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
  if (options.ca_file.empty() && options.certificate_file.empty() &&
      options.key_file.empty()) {
    return std::shared_ptr<tls::Credentials>();
  }
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
    call->context.token =
        co_await AccessToken(options.target, *call, channel_to);
  }
  co_await command(channel, *call);
}

Promise<void> StopAfter(Promise<void> command, absl::Status* result,
                        EventLoop& loop) {
  *result = co_await AsStatusOr(std::move(command));
  loop.Stop();
}

}  // namespace

void AddTlsOptions(CLI::App* command, ClientOptions* options) {
  command
      ->add_option("--tls-ca", options->ca_file,
                   "Speak TLS with who has a certificate of the authorities in "
                   "this PEM file")
      ->envname("MILLRACE_TLS_CA");
  command
      ->add_option("--tls-cert", options->certificate_file,
                   "The certificate to show, a PEM file")
      ->envname("MILLRACE_TLS_CERT");
  command->add_option("--tls-key", options->key_file, "Its key, a PEM file")
      ->envname("MILLRACE_TLS_KEY");
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
  if (result.ok() || interrupted.signal().aborted()) return 0;
  return Report(result);
}

}  // namespace millrace::cli
