// Cases of groups with several members, that come and go.

#include <algorithm>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

Promise<void> ShortWork(const EventEnvelope&) {
  co_await Delay(absl::Milliseconds(1));
}

// What several members have done together, in the order in which it was done.
struct Ledger {
  std::vector<std::string> done;
  std::map<std::string, int> running;  // by key
  bool overlapped = false;
};

class LedgerListener final : public EventListener {
 public:
  explicit LedgerListener(Ledger& ledger) : ledger_(ledger) {}
  Promise<void> Deliver(const EventEnvelope& event) override {
    return Work(ledger_, event);
  }

 private:
  static Promise<void> Work(Ledger& ledger, const EventEnvelope& event) {
    if (++ledger.running[event.key] > 1) ledger.overlapped = true;
    co_await ShortWork(event);
    --ledger.running[event.key];
    ledger.done.push_back(TextOf(event));
  }

  Ledger& ledger_;
};

// 2: many members share the work; nothing is lost.
Promise<void> ConcurrentSubscribers(BusConformance& test) {
  const int members = test.features().many_members;
  const auto contract = co_await BusConformance::NewContract(test, members);
  Bus& bus = test.NewBus();
  Ledger& ledger = test.Keep<Ledger>();
  for (int i = 0; i < members; ++i) {
    ThrowIfError(bus.Subscribe(contract->info(), "group",
                               test.Keep<LedgerListener>(ledger)));
  }
  std::vector<Promise<void>> saying;
  for (int key = 0; key < 500; ++key) {
    saying.push_back(SayMany(bus, *contract, StrCat("k", key), 10));
  }
  co_await All(std::move(saying));
  std::set<std::string> seen;
  co_await test.Until(
      [&] {
        seen.insert(ledger.done.begin(), ledger.done.end());
        return seen.size() == 5000;
      },
      "5,000 events");
}

TEST_P(BusConformance, Case02ConcurrentSubscribers) {
  Run(ConcurrentSubscribers);
}

// Members that join and leave under load: nothing is lost, keys stay in order,
// and no key is worked on by two at once.
Promise<void> ComingAndGoing(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 6);
  Bus& first = test.NewBus();
  Ledger& ledger = test.Keep<Ledger>();
  LedgerListener& listener = test.Keep<LedgerListener>(ledger);
  ThrowIfError(first.Subscribe(contract->info(), "group", listener));
  std::vector<Promise<void>> saying;
  for (int key = 0; key < 30; ++key) {
    saying.push_back(SayMany(first, *contract, StrCat("k", key), 100));
  }
  for (int round = 0; round < 3; ++round) {
    const size_t before = ledger.done.size();
    Bus& second = test.NewBus();
    ThrowIfError(second.Subscribe(contract->info(), "group", listener));
    co_await test.Until(
        [&] {
          return ledger.done.size() >= before + 100 ||
                 ledger.done.size() >= 3000;
        },
        "progress beside another member");
    co_await second.Drain(absl::Seconds(20));
  }
  co_await All(std::move(saying));
  std::set<std::string> seen;
  co_await test.Until(
      [&] {
        seen.insert(ledger.done.begin(), ledger.done.end());
        return seen.size() == 3000;
      },
      "3,000 events");
  EXPECT_FALSE(ledger.overlapped);
  // First sights are in order: repetitions may only go back.
  for (int key = 0; key < 30; ++key) {
    int next = 0;
    const std::string prefix = StrCat("k", key, ":");
    for (const std::string& text : ledger.done) {
      if (text.compare(0, prefix.size(), prefix) != 0) continue;
      const int number = std::stoi(text.substr(prefix.size()));
      EXPECT_LE(number, next) << text;
      next = std::max(next, number + 1);
    }
    EXPECT_EQ(next, 100);
  }
}

TEST_P(BusConformance, MembersComeAndGo) { Run(ComingAndGoing); }

// The partitions of a member that leaves go to those who stay, with what was
// not done.
Promise<void> HandsOver(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 4);
  Bus& staying = test.NewBus();
  Bus& leaving = test.NewBus();
  Recorder& stays = test.Keep<Recorder>();
  Recorder& leaves = test.Keep<Recorder>();
  ThrowIfError(leaving.Subscribe(contract->info(), "group", leaves));
  co_await SayMany(leaving, *contract, "k", 10);
  co_await test.Until([&] { return leaves.done().size() == 10; },
                      "events at the only member");
  ThrowIfError(staying.Subscribe(contract->info(), "group", stays));
  co_await leaving.Drain(absl::Seconds(20));
  co_await Say(staying, *contract, "k", "next");
  co_await test.Until([&] { return !stays.done().empty(); },
                      "the next event at the other member");
  EXPECT_EQ(stays.done().back(), "k:next");
  EXPECT_EQ(leaves.done(), Numbered("k", 10));
}

TEST_P(BusConformance, AMemberThatLeavesHandsOver) { Run(HandsOver); }

}  // namespace
}  // namespace millrace::bus::conformance
