// Cases of commit, pause and end.

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "bus/partitioner.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

Recorder::Answer WaitAt(Gate& gate) {
  return
      [&gate](const EventEnvelope& event) { return gate.Wait(TextOf(event)); };
}

// Drains in less time than what waits at the gate takes, and lets that end: too
// late to be committed.
Promise<void> DrainTooSoon(BusConformance& test, Bus& bus, Gate& gate,
                           const Recorder& recorder) {
  const absl::Status drained =
      co_await AsStatusOr(bus.Drain(absl::Milliseconds(50)));
  EXPECT_EQ(drained.code(), absl::StatusCode::kDeadlineExceeded);
  gate.OpenAll();
  co_await test.Until([&] { return recorder.at_once() == 0; },
                      "the handlers that ran on");
}

// 8: what was not done when the bus closed comes after it is opened again.
Promise<void> ContinueAfterClose(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  Gate& gate = test.Keep<Gate>();
  std::set<std::string> seen;
  {
    Bus& bus = test.NewBus();
    int left = 40;
    Recorder& recorder = test.Keep<Recorder>([&](const EventEnvelope& event) {
      return left-- > 0 ? Promise<void>::Resolve() : gate.Wait(TextOf(event));
    });
    ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
    for (int key = 0; key < 10; ++key) {
      co_await SayMany(bus, *contract, StrCat("k", key), 10);
    }
    co_await test.Until(
        [&] { return recorder.done().size() == 40 && gate.waiting() > 0; },
        "40 events, and some that do not end");
    seen.insert(recorder.done().begin(), recorder.done().end());
    co_await DrainTooSoon(test, bus, gate, recorder);
  }
  co_await BusConformance::Reopen(test);
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  std::set<std::string> all;
  for (int key = 0; key < 10; ++key) {
    for (const std::string& text : Numbered(StrCat("k", key), 10)) {
      all.insert(text);
    }
  }
  co_await test.Until(
      [&] {
        seen.insert(recorder.done().begin(), recorder.done().end());
        return seen == all;
      },
      "the other events");
  for (int key = 0; key < 10; ++key) {
    const auto done = recorder.done_of(StrCat("k", key));
    EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
    // From somewhere to the end, without a gap.
    const auto whole = Numbered(StrCat("k", key), 10);
    EXPECT_TRUE(std::equal(done.rbegin(), done.rend(), whole.rbegin()));
  }
}

TEST_P(BusConformance, Case08ContinueAfterClose) { Run(ContinueAfterClose); }

// 8: what was done and committed does not come again.
Promise<void> CommittedStaysDone(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  {
    Bus& bus = test.NewBus();
    Recorder& recorder = test.Keep<Recorder>();
    ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
    co_await SayMany(bus, *contract, "k", 100);
    co_await test.Until([&] { return recorder.done().size() == 100; },
                        "100 events");
    co_await bus.Drain(absl::Seconds(10));
  }
  co_await BusConformance::Reopen(test);
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await Say(bus, *contract, "k", "new");
  co_await test.Until([&] { return !recorder.done().empty(); },
                      "the new event");
  EXPECT_EQ(recorder.done(), (std::vector<std::string>{"k:new"}));
}

TEST_P(BusConformance, Case08CommittedStaysDone) { Run(CommittedStaysDone); }

// 25: and a restart redoes only what was not finished, though it stands before
// much that was.
Promise<void> RedoesOnlyTheUnfinished(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Gate& gate = test.Keep<Gate>();
  {
    Bus& bus = test.NewBus();
    for (int i = 0; i < 30; ++i) {
      co_await Say(bus, *contract, StrCat("k", i % 10), StrCat(i));
    }
    Recorder& recorder = test.Keep<Recorder>([&](const EventEnvelope& event) {
      return event.key == "k0" || event.key == "k5" ? gate.Wait(TextOf(event))
                                                    : Promise<void>::Resolve();
    });
    ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
    co_await test.Until(
        [&] { return recorder.done().size() == 24 && gate.waiting() == 2; },
        "the other keys, and two that do not end");
    co_await DrainTooSoon(test, bus, gate, recorder);
  }
  co_await BusConformance::Reopen(test);
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await Say(bus, *contract, "last", "x");
  co_await test.Until([&] { return recorder.done().size() >= 7; },
                      "what was not finished");
  EXPECT_THAT(recorder.done(),
              testing::UnorderedElementsAre("k0:0", "k0:10", "k0:20", "k5:5",
                                            "k5:15", "k5:25", "last:x"));
}

TEST_P(BusConformance, Case25RedoesOnlyTheUnfinished) {
  Run(RedoesOnlyTheUnfinished);
}

// 25: under completion in any order, nothing in flight is ever committed.
Promise<void> InFlightNeverCommitted(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  for (int i = 0; i < 10; ++i) {
    co_await Say(bus, *contract, StrCat("k", i), "x");
  }
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>(WaitAt(gate));
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await test.Until([&] { return gate.waiting() == 10; }, "all in flight");
  // Finished in this order, the watermark is to be as in `expected`.
  const int order[] = {3, 1, 9, 0, 2, 8, 5, 4, 7, 6};
  const int64_t expected[] = {0, 0, 0, 2, 4, 4, 4, 6, 6, 10};
  for (int i = 0; i < 10; ++i) {
    gate.Open(StrCat("k", order[i], ":x"));
    int64_t committed = -2;
    while (committed < expected[i]) {
      const auto offsets =
          co_await OffsetsOf(test.transport(), "group", contract->topic());
      committed = std::max<int64_t>(offsets.at(0).committed, 0);
      int64_t in_flight = 10;
      for (int k = i + 1; k < 10; ++k) {
        in_flight = std::min<int64_t>(in_flight, order[k]);
      }
      EXPECT_LE(committed, in_flight);
      if (committed < expected[i]) co_await Delay(absl::Milliseconds(5));
    }
  }
}

TEST_P(BusConformance, Case25InFlightNeverCommitted) {
  Run(InFlightNeverCommitted);
}

// Two keys that go to different partitions of two.
std::pair<std::string, std::string> KeysApart() {
  std::pair<std::string, std::string> keys;
  for (int i = 0; keys.first.empty() || keys.second.empty(); ++i) {
    const std::string key = StrCat("k", i);
    (PartitionOf(key, 2) == 0 ? keys.first : keys.second) = key;
  }
  return keys;
}

// 26: a partition that is stuck does not hold the commits of another.
Promise<void> CommitIsolated(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  const auto [stuck, free] = KeysApart();
  Bus& bus = test.NewBus();
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder =
      test.Keep<Recorder>([&gate, stuck = stuck](const EventEnvelope& event) {
        return event.key == stuck ? gate.Wait(TextOf(event))
                                  : Promise<void>::Resolve();
      });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, stuck, 3);
  co_await SayMany(bus, *contract, free, 20);
  int64_t committed = 0;
  while (committed < 20) {
    const auto offsets =
        co_await OffsetsOf(test.transport(), "group", contract->topic());
    committed = offsets.at(1).committed;
    EXPECT_LE(offsets.at(0).committed, 0);
    if (committed < 20) co_await Delay(absl::Milliseconds(5));
  }
  gate.OpenAll();
}

TEST_P(BusConformance, Case26CommitIsolated) { Run(CommitIsolated); }

// 27: paused, what runs finishes and nothing begins; resumed, all goes on.
Promise<void> PauseResume(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>(WaitAt(gate));
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "a", 3);
  co_await test.Until([&] { return gate.waiting() == 1; }, "the first event");
  bus.Pause();
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event in flight");
  // Another group shows that these have come.
  co_await SayMany(bus, *contract, "b", 3);
  Recorder& witness = test.Keep<Recorder>();
  Bus& other = test.NewBus();
  ThrowIfError(other.Subscribe(contract->info(), "witness", witness));
  co_await test.Until([&] { return witness.done().size() == 6; },
                      "the events at another group");
  EXPECT_EQ(recorder.begun(), Numbered("a", 1));
  bus.Resume();
  co_await test.Until([&] { return recorder.done().size() == 6; }, "the rest");
  EXPECT_EQ(recorder.done_of("a"), Numbered("a", 3));
  EXPECT_EQ(recorder.done_of("b"), Numbered("b", 3));
}

TEST_P(BusConformance, Case27PauseResume) { Run(PauseResume); }

// 28: in flight and queued are finished and committed, later ones untouched.
Promise<void> DrainClose(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>(WaitAt(gate));
  co_await SayMany(bus, *contract, "k", 5);
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await test.Until([&] { return bus.in_flight() == 5; },
                      "one in flight and four queued");
  const Promise<absl::Status> drained =
      AsStatusOr(bus.Drain(absl::Seconds(20)));
  co_await Say(bus, *contract, "k", "later");
  EXPECT_FALSE(drained.settled());
  gate.OpenAll();
  const absl::Status status = co_await drained;
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(recorder.done(), Numbered("k", 5));
  const auto offsets =
      co_await OffsetsOf(test.transport(), "group", contract->topic());
  EXPECT_EQ(offsets.at(0).committed, 5);
  EXPECT_EQ(offsets.at(0).end, 6);
}

TEST_P(BusConformance, Case28DrainClose) { Run(DrainClose); }

// 28: an event that waits for a retry does not hold up the end; it comes again.
Promise<void> DrainWithRetry(BusConformance& test) {
  RetryPolicy slow{100, absl::Hours(1), absl::Hours(1), 1};
  const auto contract = co_await BusConformance::NewContract(test, 1, slow);
  {
    Bus& bus = test.NewBus();
    Recorder& recorder = test.Keep<Recorder>([](const EventEnvelope& event) {
      return event.key == "bad"
                 ? Promise<void>::Reject(absl::InternalError("later"))
                 : Promise<void>::Resolve();
    });
    ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
    co_await Say(bus, *contract, "bad", "0");
    co_await Say(bus, *contract, "good", "0");
    co_await test.Until([&] { return recorder.done().size() == 1; },
                        "the good event");
    co_await test.Until([&] { return recorder.begun().size() == 2; },
                        "the bad event");
    co_await bus.Drain(absl::Seconds(20));
  }
  co_await BusConformance::Reopen(test);
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await test.Until([&] { return recorder.done_of("bad").size() == 1; },
                      "the bad event again");
}

TEST_P(BusConformance, Case28DrainLeavesRetries) { Run(DrainWithRetry); }

// 11: the event's signal is aborted once the listener is done, not before.
Promise<void> SignalEndsWithTheListener(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  int early = 0;
  Recorder& recorder = test.Keep<Recorder>([&](const EventEnvelope& event) {
    if (event.signal.aborted() || !event.signal.can_abort()) ++early;
    return Delay(absl::Milliseconds(1)).Then([signal = event.signal, &early] {
      if (signal.aborted()) ++early;
    });
  });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "k", 3);
  co_await test.Until(
      [&] {
        return recorder.done().size() == 3 &&
               recorder.events().back().signal.aborted();
      },
      "three events, and the end of their signals");
  EXPECT_EQ(early, 0);
  for (const EventEnvelope& event : recorder.events()) {
    EXPECT_TRUE(event.signal.aborted());
  }
}

TEST_P(BusConformance, Case11SignalEndsWithTheListener) {
  Run(SignalEndsWithTheListener);
}

// Works until it is told to stop, and then says that it could not.
Promise<void> UntilTold(const EventEnvelope& event) {
  return Delay(absl::Hours(1), event.signal);
}

// 11: who closes tells its listeners in time for them to give up, and what they
// gave up is neither committed nor a dead letter.
Promise<void> CloseTellsListeners(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(1));
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>(UntilTold);
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "k", 2);
  co_await test.Until([&] { return recorder.at_once() == 1; }, "the listener");
  const absl::Status drained =
      co_await AsStatusOr(bus.Drain(absl::Milliseconds(400)));
  EXPECT_EQ(drained.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(recorder.at_once(), 0);
  Bus& next = test.NewBus();
  Recorder& again = test.Keep<Recorder>();
  ThrowIfError(next.Subscribe(contract->info(), "group", again));
  co_await test.Until([&] { return again.done().size() == 2; },
                      "what was given up");
  EXPECT_EQ(again.done(), Numbered("k", 2));
  const std::vector<Record> dead =
      co_await ReadAll(test.transport(), contract->dead_letter_topic());
  EXPECT_EQ(dead.size(), 0u);
}

TEST_P(BusConformance, Case11CloseTellsListeners) { Run(CloseTellsListeners); }

// 11: so does a partition that goes to another member.
Promise<void> RevokeTellsListeners(BusConformance& test) {
  // So many that some of them go to the other member, whoever gives them out.
  const auto contract = co_await BusConformance::NewContract(test, 8);
  BusOptions options;
  options.subscription.revoke_bound = absl::Milliseconds(400);
  Bus& first = test.NewBus(options);
  Recorder& stuck = test.Keep<Recorder>(UntilTold);
  ThrowIfError(first.Subscribe(contract->info(), "group", stuck));
  for (int key = 0; key < 40; ++key) {
    co_await Say(first, *contract, StrCat("k", key), "x");
  }
  co_await test.Until([&] { return stuck.at_once() == 40; }, "the listeners");
  Bus& second = test.NewBus(options);
  Recorder& other = test.Keep<Recorder>();
  ThrowIfError(second.Subscribe(contract->info(), "group", other));
  co_await test.Until([&] { return !other.done().empty(); },
                      "an event at the other member");
  bool told = false;
  for (const EventEnvelope& event : stuck.events()) {
    told |= event.signal.aborted();
  }
  EXPECT_TRUE(told);
}

TEST_P(BusConformance, Case11RevokeTellsListeners) {
  Run(RevokeTellsListeners);
}

}  // namespace
}  // namespace millrace::bus::conformance
