#include "runtime/side_loops.h"

#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "runtime/host.h"

namespace millrace::runtime {

SideLoops::SideLoops(EventLoop& first, int loops)
    : group_(first, {.loops = loops}), hosts_(loops) {}

SideLoops::~SideLoops() = default;

absl::Status SideLoops::Make(const MakeHost& make) {
  return group_.Start(
      [&](EventLoop& loop, int index) -> absl::StatusOr<std::shared_ptr<void>> {
        if (index == 0) return nullptr;
        auto host = make(loop, index);
        if (!host.ok()) return host.status();
        hosts_[index] = host->get();
        return std::shared_ptr<Host>(*std::move(host));
      });
}

std::vector<rpc::Engine*> SideLoops::engines() const {
  std::vector<rpc::Engine*> engines;
  for (size_t i = 1; i < hosts_.size(); ++i) {
    engines.push_back(&hosts_[i]->engine());
  }
  return engines;
}

Promise<void> SideLoops::Start(const FirstLoop& first) {
  std::vector<Promise<void>> started;
  for (int i = 1; i < group_.size(); ++i) {
    started.push_back(CallOn(group_.loop(i), [host = hosts_[i], first] {
      return host->StartBeside(first);
    }));
  }
  return All(std::move(started));
}

Promise<void> SideLoops::OnEach(const std::function<void(Host&)>& call) {
  std::vector<Promise<void>> done;
  for (int i = 1; i < group_.size(); ++i) {
    done.push_back(
        CallOn(group_.loop(i), [host = hosts_[i], call] { call(*host); }));
  }
  return All(std::move(done));
}

Promise<void> SideLoops::SetServing(std::map<std::string, bool> serving) {
  return OnEach(
      [serving = std::move(serving)](Host& host) { host.SetServing(serving); });
}

Promise<void> SideLoops::Apply(const Config& next) {
  return OnEach([next](Host& host) { host.Apply(next); });
}

Promise<void> SideLoops::UpdateMetrics() {
  return OnEach([](Host& host) { host.UpdateLoopMetrics(); });
}

Promise<void> SideLoops::Drain() {
  std::vector<Promise<void>> drained;
  for (int i = 1; i < group_.size(); ++i) {
    drained.push_back(CallOn(group_.loop(i), [host = hosts_[i]] {
      return host->Drain().Then(
          [](const absl::Status& status) { ThrowIfError(status); });
    }));
  }
  const std::vector<absl::Status> outcomes =
      co_await AllSettled(std::move(drained));
  std::vector<std::string> cut;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].ok()) continue;
    cut.push_back(StrCat("loop ", i + 1, ": ", MessageOf(outcomes[i])));
  }
  if (!cut.empty())
    Throw(absl::DeadlineExceededError(absl::StrJoin(cut, "; ")));
}

}  // namespace millrace::runtime
