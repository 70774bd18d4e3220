// The part of Host that the debug page asks: see debug_server.h.

#include <utility>

#include "runtime/host.h"
#include "runtime/host_limits.h"

namespace millrace::runtime {

std::vector<Host::OnLoop> Host::OnLoops() {
  std::vector<OnLoop> loops = {{LoopNameOf(0), LoopRef(loop_), this}};
  for (int i = 1; sides_ != nullptr && i < sides_->size(); ++i) {
    loops.push_back({LoopNameOf(i), sides_->loop(i), sides_->host(i)});
  }
  return loops;
}

absl::Status Host::StartRecording(std::shared_ptr<Timeline> timeline) {
  if (recording_ != nullptr || capture_ != nullptr) {
    return absl::FailedPreconditionError(
        "what the loops do is recorded already; without loop.timeline "
        "(--timeline) it can be captured now and then");
  }
  capture_timeline_ = std::move(timeline);
  capture_ = capture_timeline_->Record(loop_, LoopNameOf(parts_.loop_index));
  return absl::OkStatus();
}

void Host::StopRecording() {
  capture_.reset();
  capture_timeline_.reset();
}

}  // namespace millrace::runtime
