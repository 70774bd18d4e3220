// Changes things, emits events, applies them, and kills itself (SIGKILL) at
// the point named by the first argument, in the directory named by the second.
// crash_test.cc looks at what is left.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/status.h"
#include "base/strings.h"
#include "bus/testing/crash_stage.h"
#include "bus/testing/forwarding.h"
#include "loop/combinators.h"

namespace millrace::bus::testing {
namespace {

void Die() { kill(getpid(), SIGKILL); }

// Kills the process when a publish to `topic` is durable, before anybody
// hears of it.
class DeadlyTransport final : public ForwardingTransport {
 public:
  DeadlyTransport(Transport& inner, std::string topic)
      : ForwardingTransport(inner), topic_(std::move(topic)) {}

  Promise<void> Publish(std::vector<Record> records) override {
    const bool deadly = records[0].topic == topic_;
    return inner_.Publish(std::move(records)).Then([deadly] {
      if (deadly) Die();
    });
  }

 private:
  const std::string topic_;
};

// A scenario ends in Die(); whatever returns has failed.
Promise<void> BeforeCommit(CrashStage& stage) {
  co_await stage.Change("k:0");
  co_await stage.Change("k:1", Die);
}

Promise<void> AfterCommit(CrashStage& stage) {
  co_await stage.Change("k:0");
  co_await stage.Change("k:1");
  Die();
}

Promise<void> AfterPublish(CrashStage& stage) {
  co_await stage.Change("k:0");
  co_await stage.Change("k:1");
  DeadlyTransport transport(stage.transport(), "t");
  const auto relay = stage.NewRelay(transport);
  co_await Delay(absl::InfiniteDuration());
}

Promise<void> AfterEffect(CrashStage& stage) {
  co_await stage.Change("k:0");
  co_await stage.Change("k:1");
  const auto relay = stage.NewRelay(stage.transport());
  Bus bus(stage.loop(), stage.transport(), stage.logger(), stage.metrics());
  Applier applier(stage.inbox(), Die);
  ThrowIfError(bus.Subscribe(CrashContract(), kGroup, applier));
  co_await Delay(absl::InfiniteDuration());
}

Promise<void> AfterLetter(CrashStage& stage) {
  co_await stage.Change("k:0!");
  co_await stage.Change("k:1");
  // All is published once, and nothing is left to publish again.
  const auto relay = stage.NewRelay(stage.transport());
  co_await relay->Stop(absl::Seconds(30));
  DeadlyTransport transport(stage.transport(), "t.dead");
  Bus bus(stage.loop(), transport, stage.logger(), stage.metrics());
  Applier applier(stage.inbox());
  ThrowIfError(bus.Subscribe(CrashContract(), kGroup, applier));
  co_await Delay(absl::InfiniteDuration());
}

Promise<void> Play(CrashStage& stage, std::string point) {
  co_await CrashStage::Open(stage);
  if (point == "before-commit") co_await BeforeCommit(stage);
  if (point == "after-commit") co_await AfterCommit(stage);
  if (point == "after-publish") co_await AfterPublish(stage);
  if (point == "after-effect") co_await AfterEffect(stage);
  if (point == "after-letter") co_await AfterLetter(stage);
}

}  // namespace
}  // namespace millrace::bus::testing

int main(int argc, char** argv) {
  using namespace millrace;
  if (argc != 3) return 2;
  bus::testing::CrashStage stage(argv[2]);
  const Promise<void> playing = bus::testing::Play(stage, argv[1]);
  stage.loop().Run();
  std::fprintf(stderr, "nobody died at '%s'\n", argv[1]);
  return 1;
}
