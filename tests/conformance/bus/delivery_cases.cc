// Cases of delivery: everything arrives, in order, side by side.

#include <google/protobuf/wrappers.pb.h>

#include <algorithm>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "bus/partitioner.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

// 1: what is published arrives with its envelope.
Promise<void> PublishSubscribe(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 3);
  BusOptions options;
  options.source = "/conformance";
  Bus& bus = test.NewBus(options);
  Recorder& recorder = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  CallContext context;
  context.trace = TraceContext::NewRoot();
  context.causation_id = "cause";
  std::map<std::string, std::string> ids;  // by key
  for (int i = 0; i < 100; ++i) {
    google::protobuf::StringValue payload;
    const std::string key = StrCat("k", i);
    payload.set_value(StrCat(key, ":text"));
    ids[key] = co_await bus.Publish(contract->info(), contract->said(), payload,
                                    key, context);
  }
  co_await test.Until([&] { return recorder.done().size() == 100; },
                      "100 events");
  for (const EventEnvelope& event : recorder.events()) {
    EXPECT_EQ(event.id, ids[event.key]);
    EXPECT_EQ(event.type, "test.v1.TestEvents.Said");
    EXPECT_EQ(event.source, "/conformance");
    EXPECT_EQ(TextOf(event), event.key + ":text");
    EXPECT_EQ(event.trace.trace_id, context.trace.trace_id);
    EXPECT_NE(event.trace.span_id, context.trace.span_id);
    EXPECT_EQ(event.content_type, "application/protobuf");
    EXPECT_EQ(event.extensions, (Metadata{{"causationid", "cause"}}));
  }
}

TEST_P(BusConformance, Case01PublishSubscribe) { Run(PublishSubscribe); }

// 3: contracts do not hinder each other.
Promise<void> ConcurrentTopics(BusConformance& test) {
  Bus& bus = test.NewBus();
  std::vector<std::shared_ptr<TestContract>> contracts;
  std::vector<Recorder*> recorders;
  for (int i = 0; i < test.features().many_topics; ++i) {
    contracts.push_back(co_await BusConformance::NewContract(test, 2));
    recorders.push_back(&test.Keep<Recorder>());
    ThrowIfError(
        bus.Subscribe(contracts.back()->info(), "group", *recorders.back()));
  }
  std::vector<Promise<void>> saying;
  for (size_t i = 0; i < contracts.size(); ++i) {
    saying.push_back(SayMany(bus, *contracts[i], StrCat("of", i), 20));
  }
  co_await All(std::move(saying));
  for (size_t i = 0; i < contracts.size(); ++i) {
    co_await test.Until([&] { return recorders[i]->done().size() >= 20; },
                        StrCat("the events of contract ", i));
    EXPECT_EQ(recorders[i]->done(), Numbered(StrCat("of", i), 20));
  }
}

TEST_P(BusConformance, Case03ConcurrentTopics) { Run(ConcurrentTopics); }

// 5: 1,000 events of 16 keys, with handlers that take turns: order per key.
Promise<void> Yield(const EventEnvelope&) {
  co_await Delay(absl::Milliseconds(1));
}

Promise<void> InOrder(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 4);
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>(Yield);
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  std::vector<Promise<void>> saying;
  for (int key = 0; key < 16; ++key) {
    saying.push_back(SayMany(bus, *contract, StrCat("k", key), 63));
  }
  co_await All(std::move(saying));
  co_await test.Until([&] { return recorder.done().size() >= 16 * 63; },
                      "all events");
  for (int key = 0; key < 16; ++key) {
    const std::string name = StrCat("k", key);
    EXPECT_EQ(recorder.done_of(name), Numbered(name, 63));
  }
}

TEST_P(BusConformance, Case05InOrder) { Run(InOrder); }

// 13: each group gets everything.
Promise<void> ConsumerGroups(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  Bus& bus = test.NewBus();
  Recorder& a = test.Keep<Recorder>();
  Recorder& b = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "a", a));
  ThrowIfError(bus.Subscribe(contract->info(), "b", b));
  co_await SayMany(bus, *contract, "k", 50);
  co_await test.Until(
      [&] { return a.done().size() >= 50 && b.done().size() >= 50; },
      "all events in both groups");
  EXPECT_EQ(a.done(), Numbered("k", 50));
  EXPECT_EQ(b.done(), Numbered("k", 50));
}

TEST_P(BusConformance, Case13ConsumerGroups) { Run(ConsumerGroups); }

// 14: a group that is new reads what is kept.
Promise<void> NewGroupReadsOld(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  Bus& bus = test.NewBus();
  co_await SayMany(bus, *contract, "k", 50);
  Recorder& recorder = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "late", recorder));
  co_await test.Until([&] { return recorder.done().size() >= 50; },
                      "the old events");
  EXPECT_EQ(recorder.done(), Numbered("k", 50));
}

TEST_P(BusConformance, Case14NewGroupReadsOld) { Run(NewGroupReadsOld); }

// 20: keys of one partition are worked on side by side, one key is not, and
// never more than allowed.
Promise<void> ParallelByKey(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>(
      [&gate](const EventEnvelope& event) { return gate.Wait(TextOf(event)); });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  for (int key = 0; key < 8; ++key) {
    co_await SayMany(bus, *contract, StrCat("k", key), 3);
  }
  co_await test.Until([&] { return gate.waiting() == 8; },
                      "eight handlers at once");
  // All 24 records are here by the time a later one could have been.
  gate.Open("k0:0");
  co_await test.Until([&] { return recorder.begun().size() == 9; },
                      "the second event of the key that went on");
  EXPECT_EQ(recorder.begun().back(), "k0:1");
  EXPECT_EQ(recorder.most_at_once(), 8);
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done().size() == 24; }, "the rest");
}

TEST_P(BusConformance, Case20ParallelByKey) { Run(ParallelByKey); }

Promise<void> ParallelIsBounded(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  BusOptions options;
  options.subscription.max_parallel = 3;
  Bus& bus = test.NewBus(options);
  Recorder& recorder = test.Keep<Recorder>(Yield);
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  std::vector<Promise<void>> saying;
  for (int key = 0; key < 40; ++key) {
    saying.push_back(SayMany(bus, *contract, StrCat("k", key), 2));
  }
  co_await All(std::move(saying));
  co_await test.Until([&] { return recorder.done().size() == 80; },
                      "all events");
  EXPECT_EQ(recorder.most_at_once(), 3);
}

TEST_P(BusConformance, Case20ParallelIsBounded) { Run(ParallelIsBounded); }

// 21: with more to do than may be in flight, what is here stays bounded and
// all of it arrives.
Promise<void> InFlightIsBounded(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  BusOptions options;
  options.subscription.max_in_flight = 10;
  Bus& bus = test.NewBus(options);
  co_await SayMany(bus, *contract, "k", 3000);
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>(
      [&gate](const EventEnvelope& event) { return gate.Wait(TextOf(event)); });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await test.Until([&] { return gate.waiting() == 1; }, "the first event");
  // One batch of the transport may come at once, not all there is.
  const size_t in_flight = bus.in_flight();
  EXPECT_LT(in_flight, 3000u);
  EXPECT_GE(in_flight, 1u);
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done().size() >= 3000; },
                      "all events");
  EXPECT_EQ(recorder.done(), Numbered("k", 3000));
}

TEST_P(BusConformance, Case21InFlightIsBounded) { Run(InFlightIsBounded); }

// A key whose events come faster than they are done with does not hold up the
// others of its partition, and what it has in memory stays bounded.
Promise<void> HotKeyStarvesNobody(BusConformance& test) {
  constexpr int kHot = 5000;
  const auto contract = co_await BusConformance::NewContract(test, 1);
  BusOptions options;
  options.subscription.slow_after = absl::Milliseconds(1);
  Bus& bus = test.NewBus(options);
  co_await SayMany(bus, *contract, "hot", kHot);
  for (int i = 0; i < 100; ++i) {
    co_await Say(bus, *contract, StrCat("k", i % 10), StrCat(i / 10));
  }
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>([&gate](const EventEnvelope& event) {
    const std::string text = TextOf(event);
    return text == "hot:0" ? gate.Wait(text) : Promise<void>::Resolve();
  });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  size_t most = 0;
  co_await test.Until(
      [&] {
        most = std::max(most, bus.in_flight());
        return recorder.done().size() == 100;
      },
      "the other keys, while the hot one stands still");
  EXPECT_TRUE(recorder.done_of("hot").empty());
  // A batch of the transport may come at once.
  EXPECT_LT(most, 2 * options.subscription.max_in_flight);
  EXPECT_LT(bus.in_flight(), options.subscription.max_in_flight);
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done().size() >= 100 + kHot; },
                      "the hot key");
  EXPECT_EQ(recorder.done_of("hot"), Numbered("hot", kHot));
  for (int key = 0; key < 10; ++key) {
    const std::string name = StrCat("k", key);
    EXPECT_EQ(recorder.done_of(name), Numbered(name, 10));
  }
  int64_t lag = 1;
  while (lag > 0) {
    co_await Delay(absl::Milliseconds(5));
    lag = co_await LagOf(test.transport(), "group", contract->topic());
  }
}

TEST_P(BusConformance, Case20HotKeyStarvesNobody) { Run(HotKeyStarvesNobody); }

// Who dies or leaves with a hot key half done: nothing of it is lost, and what
// was done beyond it is not done again.
Promise<void> HotKeyIsHandedOver(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  BusOptions options;
  options.subscription.max_in_flight = 50;
  options.subscription.slow_after = absl::Milliseconds(1);
  Bus& first = test.NewBus(options);
  co_await SayMany(first, *contract, "hot", 500);
  co_await SayMany(first, *contract, "cold", 20);
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>([&gate](const EventEnvelope& event) {
    const std::string text = TextOf(event);
    return text == "hot:100" ? gate.Wait(text) : Promise<void>::Resolve();
  });
  ThrowIfError(first.Subscribe(contract->info(), "group", recorder));
  co_await test.Until([&] { return recorder.done().size() == 120; },
                      "what can be done");
  EXPECT_EQ(gate.waiting(), 1u);
  (void)co_await AsStatusOr(first.Drain(absl::Milliseconds(50)));
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done_of("hot").size() == 101; },
                      "the event that ran on");
  Bus& second = test.NewBus(options);
  Recorder& rest = test.Keep<Recorder>();
  ThrowIfError(second.Subscribe(contract->info(), "group", rest));
  co_await test.Until([&] { return rest.done_of("hot").size() >= 400; },
                      "the rest of the hot key");
  std::vector<std::string> wanted = Numbered("hot", 500);
  wanted.erase(wanted.begin(), wanted.begin() + 100);
  EXPECT_EQ(rest.done_of("hot"), wanted);
  EXPECT_EQ(rest.done_of("cold").size(), 0u);
}

TEST_P(BusConformance, Case20HotKeyIsHandedOver) { Run(HotKeyIsHandedOver); }

// 21: with more to do than may be in flight of all partitions, what is here
// stays bounded, every partition goes on, and all of it arrives.
Promise<void> TotalIsBounded(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 8);
  BusOptions options;
  options.max_in_flight_total = 80;
  options.subscription.max_in_flight = 1000;
  Bus& bus = test.NewBus(options);
  std::vector<Promise<void>> saying;
  for (int key = 0; key < 100; ++key) {
    saying.push_back(SayMany(bus, *contract, StrCat("k", key), 40));
  }
  co_await All(std::move(saying));
  Gate& gate = test.Keep<Gate>();
  std::set<int>& partitions = test.Keep<std::set<int>>();
  Recorder& recorder =
      test.Keep<Recorder>([&gate, &partitions](const EventEnvelope& event) {
        partitions.insert(PartitionOf(event.key, 8));
        return gate.Wait(TextOf(event));
      });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await test.Until([&] { return partitions.size() == 8; },
                      "an event of each partition");
  // Time for more to come, if more did.
  co_await Delay(absl::Milliseconds(300));
  EXPECT_LT(bus.in_flight(), 2000u);
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done().size() >= 4000; },
                      "all events");
  for (int key = 0; key < 100; ++key) {
    const std::string name = StrCat("k", key);
    EXPECT_EQ(recorder.done_of(name), Numbered(name, 40));
  }
}

TEST_P(BusConformance, Case21TotalIsBounded) { Run(TotalIsBounded); }

// A tail of events sees what listeners see, by type and by key.
Promise<void> TailOfEvents(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 2);
  Bus& bus = test.NewBus();
  co_await SayMany(bus, *contract, "a", 5);
  co_await SayMany(bus, *contract, "b", 5);
  TailOptions options;
  options.key = "b";
  options.from = TailFrom::kBeginning;
  options.follow = false;
  options.types = {"test.v1.TestEvents.Said"};
  std::vector<const ContractInfo*> contracts(1, &contract->info());
  Stream<EventEnvelope> tail = bus.Tail(contracts, options);
  std::vector<std::string> texts;
  while (std::optional<EventEnvelope> event = co_await tail.Next()) {
    texts.push_back(TextOf(*event));
  }
  EXPECT_EQ(texts, Numbered("b", 5));
  options.types = {"test.v1.TestEvents.Other"};
  Stream<EventEnvelope> none = bus.Tail(contracts, options);
  const std::optional<EventEnvelope> nothing = co_await none.Next();
  EXPECT_FALSE(nothing.has_value());
}

TEST_P(BusConformance, TailOfEvents) { Run(TailOfEvents); }

}  // namespace
}  // namespace millrace::bus::conformance
