// Who reads a topic and how far behind they are, as others than they see it.
#include "tests/conformance/bus/suite.h"

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus::conformance {
namespace {

// Of the groups of one topic: what they have not done yet.
Promise<std::map<std::string, int64_t>> LagsOn(Bus& bus, std::string topic) {
  std::map<std::string, int64_t> lags;
  const std::vector<GroupLag> all = co_await bus.Lags();
  for (const GroupLag& lag : all) {
    if (lag.topic == topic) lags[lag.group] = lag.lag;
  }
  co_return lags;
}

Promise<void> EverybodySeesTheLag(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  const auto unread = co_await BusConformance::NewContract(test, 1);
  Bus& readers = test.NewBus();
  Bus& onlooker = test.NewBus();
  co_await onlooker.Declare(contract->info());
  co_await onlooker.Declare(unread->info());
  for (int i = 0; i < 10; ++i) {
    co_await Say(onlooker, *contract, StrCat("k", i), "x");
  }

  Recorder& quick = test.Keep<Recorder>();
  Gate& gate = test.Keep<Gate>();
  Recorder& slow = test.Keep<Recorder>(
      [&gate](const EventEnvelope& event) { return gate.Wait(TextOf(event)); });
  ThrowIfError(readers.Subscribe(contract->info(), "quick", quick));
  ThrowIfError(readers.Subscribe(contract->info(), "slow", slow));
  co_await test.Until([&] { return gate.waiting() == 10; }, "all in flight");

  // Who reads knows of it before anything is committed.
  std::map<std::string, int64_t> lags;
  while (lags["quick"] != 0 || lags["slow"] != 10) {
    lags = co_await LagsOn(readers, contract->topic());
    EXPECT_EQ(lags.size(), 2u);
    co_await Delay(absl::Milliseconds(5));
  }
  // Others know of who has committed.
  gate.OpenAll();
  const std::map<std::string, int64_t> done = {{"quick", 0}, {"slow", 0}};
  while (lags != done) {
    lags = co_await LagsOn(onlooker, contract->topic());
    co_await Delay(absl::Milliseconds(5));
  }
  const auto nobody = co_await LagsOn(onlooker, unread->topic());
  EXPECT_TRUE(nobody.empty());
}

TEST_P(BusConformance, EverybodySeesTheLag) { Run(EverybodySeesTheLag); }

}  // namespace
}  // namespace millrace::bus::conformance
