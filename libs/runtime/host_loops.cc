// The part of Host that knows of other loops: see side_loops.h.

#include <utility>

#include "base/status.h"
#include "bus/loop_transport.h"
#include "loop/combinators.h"
#include "runtime/host.h"

namespace millrace::runtime {

absl::Status Host::MakeSideLoops() {
  const int loops = options_.config.loops();
  if (loops == 1) return absl::OkStatus();
  sides_ = std::make_unique<SideLoops>(loop_, loops);
  absl::Status made = sides_->Make([this](EventLoop& loop, int index) {
    if (options_.on_loop) options_.on_loop(loop);
    return Make(loop, metrics_, options_, index, this);
  });
  if (!made.ok()) sides_.reset();
  return made;
}

absl::Status Host::ListenBeside(const FirstLoop& first) {
  if (absl::Status status = ListenHttp(PortUse::kShareNext, first.http_port);
      !status.ok()) {
    return status;
  }
  auto grpc = rpc::Server::Start(engine_, first.listener, *pipeline_, logger_,
                                 metrics_);
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);
  grpc_->SetServing(false);  // until the first loop has said what is
  return absl::OkStatus();
}

// The first loop's speaks for all.
Promise<std::pair<bool, std::string>> Host::AskReadiness() const {
  if (!parts_.first_loop()) {
    return CallOn(first_.loop,
                  [host = first_.host] { return host->AskReadiness(); });
  }
  return Promise<std::pair<bool, std::string>>::Resolve(readiness_.ready(),
                                                        readiness_.ToJson());
}

// Of all loops, whichever is asked.
Promise<void> Host::UpdateMetrics() {
  if (!parts_.first_loop()) {
    return CallOn(first_.loop,
                  [host = first_.host] { return host->UpdateMetrics(); });
  }
  UpdateLoopMetrics();
  if (sides_ == nullptr) return Promise<void>::Resolve();
  return sides_->UpdateMetrics();
}

// Behind the modules of the first loop, which migrate and seed.
Promise<void> Host::StartSideLoops() {
  co_await ModulesStarted();
  FirstLoop first;
  first.loop = LoopRef(loop_);
  first.host = this;
  first.transport = &bus_.transport();
  first.listener = listener_;
  first.http_port = http_->port();
  for (const auto& module : modules_) first.modules.push_back(module->Share());
  co_await sides_->Start(first);
  readiness_.Set(kOtherLoops, absl::OkStatus());
}

Promise<void> Host::StartBeside(FirstLoop first) {
  first_ = std::move(first);
  bus_.Use(
      std::make_unique<bus::LoopTransport>(first_.loop, *first_.transport));
  for (size_t i = 0; i < modules_.size(); ++i) {
    modules_[i]->Use(first_.modules[i]);
  }
  starting_.Spawn(OpenBus());
  for (const int index : wiring_.order) starting_.Spawn(RunModule(index));
  started_ = starting_.Join();
  const absl::Status started = co_await AsStatusOr(ModulesStarted());
  // Only now, so that no caller meets a loop that is not ready.
  if (started.ok()) {
    ThrowIfError(ListenBeside(first_));
    // What the first loop has said before did not come here. What it says from
    // now on comes behind this.
    Promise<Serving> serving = CallOn(
        first_.loop, [host = first_.host] { return host->ServingNow(); });
    SetServing(co_await std::move(serving));
  }
  co_await *started_;
}

}  // namespace millrace::runtime
