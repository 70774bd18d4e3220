#include "tools/millrace/client.h"

#include <csignal>
#include <iostream>
#include <memory>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/signals.h"
#include "rpc/channel.h"
#include "rpc/engine.h"

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

Promise<void> RunAndStop(const Command& command, Channel& channel,
                         const Call& call, absl::Status* result,
                         EventLoop& loop) {
  *result = co_await AsStatusOr(command(channel, call));
  loop.Stop();
}

}  // namespace

int RunClient(const ClientOptions& options, Command command) {
  EventLoop loop;
  rpc::Engine engine(loop);
  const std::unique_ptr<Channel> channel =
      rpc::NewChannel(engine, {.target = options.target});

  AbortController interrupted;
  SignalWatcher on_interrupt(loop, SIGINT, [&] { interrupted.Abort(); });
  Call call;
  call.context.trace = TraceContext::NewRoot();
  call.context.deadline = absl::Now() + options.timeout;
  call.signal = interrupted.signal();

  absl::Status result;
  const Promise<void> done = RunAndStop(command, *channel, call, &result, loop);
  loop.Run();
  if (result.ok() || interrupted.signal().aborted()) return 0;
  return Report(result);
}

}  // namespace millrace::cli
