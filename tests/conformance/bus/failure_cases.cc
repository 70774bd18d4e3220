// Cases of listeners that fail: retry, backoff, order behind a failure.

#include <stdexcept>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

// Rejects each text the first `times` it comes.
class FailsFirst {
 public:
  FailsFirst(int times, absl::Status error)
      : times_(times), error_(std::move(error)) {}

  Promise<void> operator()(const EventEnvelope& event) {
    if (tries_[TextOf(event)]++ < times_) {
      return Promise<void>::Reject(error_);
    }
    return Promise<void>::Resolve();
  }

 private:
  const int times_;
  const absl::Status error_;
  std::map<std::string, int> tries_;
};

// 6: an event that failed is delivered again.
Promise<void> ResendOnFailure(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  Recorder& recorder =
      test.Keep<Recorder>(FailsFirst(1, absl::InternalError("not yet")));
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await Say(bus, *contract, "k", "x");
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the second attempt");
  EXPECT_EQ(recorder.begun(), (std::vector<std::string>{"k:x", "k:x"}));
  EXPECT_EQ(recorder.events()[0].id, recorder.events()[1].id);
}

TEST_P(BusConformance, Case06ResendOnFailure) { Run(ResendOnFailure); }

// 7: while an event is not done, the next of its key is withheld; others go on.
Promise<void> UnfinishedBlocksKey(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  Gate& gate = test.Keep<Gate>();
  Recorder& recorder = test.Keep<Recorder>([&gate](const EventEnvelope& event) {
    return TextOf(event) == "a:0" ? gate.Wait("a:0") : Promise<void>::Resolve();
  });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "a", 2);
  co_await SayMany(bus, *contract, "b", 5);
  // "b" came later to the same partition: "a:1" had its chance.
  co_await test.Until([&] { return recorder.done_of("b").size() == 5; },
                      "the other key");
  EXPECT_EQ(recorder.counts().count("a:1"), 0u);
  EXPECT_EQ(gate.waiting(), 1u);
  gate.OpenAll();
  co_await test.Until([&] { return recorder.done_of("a").size() == 2; },
                      "the withheld event");
  EXPECT_EQ(recorder.done_of("a"), Numbered("a", 2));
}

TEST_P(BusConformance, Case07UnfinishedBlocksKey) { Run(UnfinishedBlocksKey); }

// 6 and 7: the same for an event that is being retried.
Promise<void> RetryKeepsOrder(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 2, QuickRetry(10));
  Bus& bus = test.NewBus();
  Recorder& recorder =
      test.Keep<Recorder>(FailsFirst(2, absl::AbortedError("again")));
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  std::vector<Promise<void>> saying;
  for (int key = 0; key < 5; ++key) {
    saying.push_back(SayMany(bus, *contract, StrCat("k", key), 10));
  }
  co_await All(std::move(saying));
  co_await test.Until([&] { return recorder.done().size() == 50; },
                      "all events");
  for (int key = 0; key < 5; ++key) {
    const std::string name = StrCat("k", key);
    EXPECT_EQ(recorder.done_of(name), Numbered(name, 10));
  }
  EXPECT_EQ(recorder.begun().size(), 150u);
}

TEST_P(BusConformance, Case06RetryKeepsOrder) { Run(RetryKeepsOrder); }

// 9: everything fails, three times over; then everything arrives.
Promise<void> ContinueAfterErrors(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 4, QuickRetry(10));
  Bus& bus = test.NewBus();
  Recorder& recorder =
      test.Keep<Recorder>(FailsFirst(3, absl::InternalError("broken")));
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  std::vector<Promise<std::string>> saying;
  for (int i = 0; i < 100; ++i) {
    saying.push_back(Say(bus, *contract, StrCat("k", i), "x"));
  }
  co_await All(std::move(saying));
  co_await test.Until([&] { return recorder.done().size() == 100; },
                      "all events after 300 failures");
  EXPECT_EQ(recorder.begun().size(), 400u);
  const std::vector<Record> dead =
      co_await ReadAll(test.transport(), contract->dead_letter_topic());
  EXPECT_EQ(dead.size(), 0u);
}

TEST_P(BusConformance, Case09ContinueAfterErrors) { Run(ContinueAfterErrors); }

Promise<void> AlwaysFails(const EventEnvelope&) {
  return Promise<void>::Reject(absl::InternalError("always"));
}

// 15: as many attempts as the policy says, then a dead letter.
Promise<void> RetryCount(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(4));
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>(AlwaysFails);
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await Say(bus, *contract, "k", "x");
  int64_t letters = 0;
  while (letters == 0) {
    const auto dead =
        co_await ReadAll(test.transport(), contract->dead_letter_topic());
    letters = static_cast<int64_t>(dead.size());
    co_await Delay(absl::Milliseconds(5));
  }
  EXPECT_EQ(recorder.begun().size(), 4u);
}

TEST_P(BusConformance, Case15RetryCount) { Run(RetryCount); }

// Fails "k:0" for ever, and knows for how long that held up "k:1".
class Holdup {
 public:
  Holdup(EventLoop& loop, absl::Status failure)
      : loop_(loop), failure_(std::move(failure)) {}

  Promise<void> Answer(const EventEnvelope& event) {
    if (TextOf(event) == "k:0") {
      if (began_ms_ < 0) began_ms_ = loop_.TimeMs();
      return Promise<void>::Reject(failure_);
    }
    ended_ms_ = loop_.TimeMs();
    return Promise<void>::Resolve();
  }
  int64_t milliseconds() const { return ended_ms_ - began_ms_; }

 private:
  EventLoop& loop_;
  const absl::Status failure_;
  int64_t began_ms_ = -1;
  int64_t ended_ms_ = -1;
};

// 15: no more attempts when the time for them is over.
Promise<void> RetryForSomeTime(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(1'000'000));
  BusOptions options;
  options.subscription.retry_for = absl::Milliseconds(50);
  Bus& bus = test.NewBus(options);
  Holdup& holdup =
      test.Keep<Holdup>(test.loop(), absl::InternalError("always"));
  Recorder& recorder = test.Keep<Recorder>(
      [&holdup](const EventEnvelope& event) { return holdup.Answer(event); });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "k", 2);
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event after the one that was given up");
  EXPECT_EQ(recorder.done(), (std::vector<std::string>{"k:1"}));
  EXPECT_GE(holdup.milliseconds(), 50);
}

TEST_P(BusConformance, Case15RetryForSomeTime) { Run(RetryForSomeTime); }

// 15: what the listener needs is away: no attempt is used up.
Promise<void> UnavailableIsRetried(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(2));
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>(
      FailsFirst(20, absl::UnavailableError("database away")));
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await Say(bus, *contract, "k", "x");
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event after the outage");
  EXPECT_EQ(recorder.begun().size(), 21u);
}

TEST_P(BusConformance, Case15UnavailableUsesUpNoAttempts) {
  Run(UnavailableIsRetried);
}

// 15: unless a time is set for that, too.
Promise<void> UnavailableForSomeTime(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(2));
  BusOptions options;
  options.subscription.unavailable_for = absl::Milliseconds(50);
  Bus& bus = test.NewBus(options);
  Holdup& holdup =
      test.Keep<Holdup>(test.loop(), absl::UnavailableError("away"));
  Recorder& recorder = test.Keep<Recorder>(
      [&holdup](const EventEnvelope& event) { return holdup.Answer(event); });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "k", 2);
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event after the one that was given up");
  EXPECT_GE(holdup.milliseconds(), 50);
  const DeadLetterPage page = co_await bus.ListDeadLetters();
  EXPECT_EQ(page.letters.size(), 1u);
}

TEST_P(BusConformance, Case15UnavailableForSomeTime) {
  Run(UnavailableForSomeTime);
}

// 16: what cannot succeed runs once.
Promise<void> RetryFilter(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(10));
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>([](const EventEnvelope& event) {
    const std::string text = TextOf(event);
    if (text == "k:0") {
      return Promise<void>::Reject(absl::InvalidArgumentError("never"));
    }
    if (text == "k:1") {
      return Promise<void>::Reject(absl::DataLossError("never"));
    }
    return Promise<void>::Resolve();
  });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "k", 3);
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event after them");
  EXPECT_EQ(recorder.begun(), Numbered("k", 3));
  const std::vector<Record> dead =
      co_await ReadAll(test.transport(), contract->dead_letter_topic());
  EXPECT_EQ(dead.size(), 2u);
}

TEST_P(BusConformance, Case16RetryFilter) { Run(RetryFilter); }

// 18: an exception is a failure like any other, thrown at once or later.
Promise<void> ThrowLater() {
  co_await Delay(absl::Milliseconds(1));
  throw std::runtime_error("thrown later");
}

Promise<void> HandlerThrows(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(2));
  Bus& bus = test.NewBus();
  Recorder& recorder =
      test.Keep<Recorder>([](const EventEnvelope& event) -> Promise<void> {
        const std::string text = TextOf(event);
        if (text == "k:0") throw std::runtime_error("thrown at once");
        if (text == "k:1") return ThrowLater();
        return Promise<void>::Resolve();
      });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  co_await SayMany(bus, *contract, "k", 3);
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event after them");
  EXPECT_EQ(recorder.begun().size(), 5u);
  const DeadLetterPage page = co_await bus.ListDeadLetters();
  std::vector<std::string> reasons;
  for (const DeadLetter& letter : page.letters) {
    EXPECT_EQ(letter.failure.code(), absl::StatusCode::kInternal);
    reasons.emplace_back(MessageOf(letter.failure));
  }
  EXPECT_EQ(reasons,
            (std::vector<std::string>{"thrown at once", "thrown later"}));
}

TEST_P(BusConformance, Case18HandlerThrows) { Run(HandlerThrows); }

}  // namespace
}  // namespace millrace::bus::conformance
