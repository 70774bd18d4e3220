#include "runtime/remote_watch.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "loop/combinators.h"
#include "rpc/health_check.h"
#include "runtime/retry.h"

namespace millrace::runtime {
namespace {

// How long an answer may take.
constexpr absl::Duration kPatience = absl::Seconds(5);

Promise<absl::Status> Ask(Channel& channel, std::string service,
                          AbortSignal stop) {
  Call call;
  call.context.deadline = absl::Now() + kPatience;
  call.signal = std::move(stop);
  const absl::Status status =
      co_await AsStatusOr(rpc::CheckServing(channel, call, std::move(service)));
  if (absl::IsUnimplemented(status)) co_return absl::OkStatus();
  co_return status;
}

}  // namespace

void RemoteWatch::Start(std::vector<Remote> remotes) {
  for (Remote& remote : remotes) {
    parts_.readiness.CallsRemote(remote.service, remote.callers);
    asking_.Spawn(Keep(parts_, std::move(remote), asking_.signal()));
  }
}

Promise<void> RemoteWatch::Keep(HostParts& parts, Remote remote,
                                AbortSignal stop) {
  Gauge& serving = parts.metrics.AddGauge(
      "millrace_remote_serving", "Whether a service of another process serves.",
      {{"service", remote.service}});
  for (int failures = 0; !stop.aborted();) {
    const absl::Status status =
        co_await Ask(*remote.channel, remote.service, stop);
    if (stop.aborted()) break;
    parts.readiness.SetRemote(remote.service, status);
    serving.Set(status.ok() ? 1 : 0);
    failures = status.ok() ? 0 : failures + 1;
    const absl::Duration pause =
        status.ok() ? DurationOf(parts.config.readiness_interval())
                    : PauseAfter(failures);
    (void)co_await AsStatusOr(Delay(pause, stop));
  }
}

Promise<void> RemoteWatch::Stop() {
  asking_.Abort(absl::CancelledError("the process ends"));
  return asking_.Join();
}

}  // namespace millrace::runtime
