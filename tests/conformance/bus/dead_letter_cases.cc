// Cases of dead letters: what they say, when they are written, replay.

#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/suite.h"

namespace millrace::bus::conformance {
namespace {

Promise<void> CommittedUpTo(BusConformance& test, std::string group,
                            std::string topic) {
  for (int64_t lag = -1; lag != 0;) {
    lag = co_await LagOf(test.transport(), group, topic);
    if (lag != 0) co_await Delay(absl::Milliseconds(5));
  }
}

// 17: the letter says what, why and where from; the source is committed.
Promise<void> DeadLetterMetadata(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 2, QuickRetry(3));
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>([](const EventEnvelope&) {
    return Promise<void>::Reject(absl::FailedPreconditionError("no table"));
  });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  const std::string id = co_await Say(bus, *contract, "key", "x");
  co_await CommittedUpTo(test, "group", contract->topic());
  const DeadLetterPage page = co_await bus.ListDeadLetters();
  EXPECT_EQ(page.letters.size(), 1u);
  if (page.letters.size() != 1) co_return;
  const DeadLetter& letter = page.letters[0];
  EXPECT_EQ(letter.group, "group");
  EXPECT_EQ(letter.failure, absl::FailedPreconditionError("no table"));
  EXPECT_EQ(letter.attempts, 3);
  EXPECT_FALSE(letter.replayed);
  EXPECT_EQ(letter.source.topic, contract->topic());
  EXPECT_EQ(letter.source.offset, 0);
  EXPECT_EQ(letter.source.key, "key");
  const auto event = DecodeEvent(letter.source);
  EXPECT_TRUE(event.ok()) << event.status();
  if (event.ok()) {
    EXPECT_EQ(event->id, id);
    EXPECT_EQ(TextOf(*event), "key:x");
  }
}

TEST_P(BusConformance, Case17DeadLetterMetadata) { Run(DeadLetterMetadata); }

// 19: what is no event, or no event of its type, is set aside; the next ones
// of the same key come.
Promise<void> PoisonBytes(BusConformance& test) {
  const auto contract = co_await BusConformance::NewContract(test, 1);
  Bus& bus = test.NewBus();
  Recorder& recorder = test.Keep<Recorder>([](const EventEnvelope& event) {
    if (TextOf(event) == "(undecodable)") {
      return Promise<void>::Reject(absl::DataLossError("does not decode"));
    }
    return Promise<void>::Resolve();
  });
  ThrowIfError(bus.Subscribe(contract->info(), "group", recorder));
  std::vector<Record> poison(3);
  for (Record& record : poison) {
    record.topic = contract->topic();
    record.key = "k";
  }
  poison[0].value = "no headers at all";
  poison[1].has_value = false;  // a tombstone
  EventEnvelope event;
  event.id = "1";
  event.type = "test.v1.TestEvents.Said";
  event.source = "/s";
  event.key = "k";
  event.payload = "\xff\xff not protobuf";
  poison[2] = EncodeEvent(event, contract->topic());
  co_await test.transport().Publish(poison);
  co_await SayMany(bus, *contract, "k", 1);
  co_await test.Until([&] { return recorder.done().size() == 1; },
                      "the event after the poison");
  EXPECT_EQ(recorder.done(), Numbered("k", 1));
  co_await CommittedUpTo(test, "group", contract->topic());
  const DeadLetterPage page = co_await bus.ListDeadLetters();
  EXPECT_EQ(page.letters.size(), 3u);
  for (size_t i = 0; i < page.letters.size() && i < 3; ++i) {
    const DeadLetter& letter = page.letters[i];
    EXPECT_EQ(letter.failure.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(letter.source.value, poison[i].value);
    EXPECT_EQ(letter.source.has_value, poison[i].has_value);
    EXPECT_EQ(letter.source.headers, poison[i].headers);
  }
}

TEST_P(BusConformance, Case19PoisonBytes) { Run(PoisonBytes); }

// Fails while it is broken.
class Stubborn final : public EventListener {
 public:
  Promise<void> Deliver(const EventEnvelope& event) override {
    ++tries[TextOf(event)];
    if (broken) return Promise<void>::Reject(absl::InternalError("broken"));
    return Promise<void>::Resolve();
  }
  bool broken = true;
  std::map<std::string, int> tries;
};

// Replay hands letters to their group alone, in order, with their ids, and
// lists them no more.
Promise<void> Replay(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 2, QuickRetry(1));
  Bus& bus = test.NewBus();
  Stubborn& stubborn = test.Keep<Stubborn>();
  Recorder& other = test.Keep<Recorder>();
  ThrowIfError(bus.Subscribe(contract->info(), "stubborn", stubborn));
  ThrowIfError(bus.Subscribe(contract->info(), "other", other));
  for (int key = 0; key < 4; ++key) {
    co_await SayMany(bus, *contract, StrCat("k", key), 5);
  }
  co_await CommittedUpTo(test, "stubborn", contract->topic());
  co_await CommittedUpTo(test, "other", contract->topic());
  EXPECT_EQ(other.done().size(), 20u);
  EXPECT_EQ(stubborn.tries.size(), 20u);

  stubborn.broken = false;
  stubborn.tries.clear();
  DeadLetterQuery query;
  query.group = "stubborn";
  query.key = "k1";
  const auto dry = co_await bus.ReplayDeadLetters(query, true);
  EXPECT_EQ(dry.letters.size(), 5u);
  const auto replayed = co_await bus.ReplayDeadLetters(query);
  EXPECT_EQ(replayed.letters.size(), 5u);
  co_await CommittedUpTo(test, "stubborn", contract->topic());
  co_await CommittedUpTo(test, "other", contract->topic());
  EXPECT_EQ(stubborn.tries.size(), 5u);
  for (const std::string& text : Numbered("k1", 5)) {
    EXPECT_EQ(stubborn.tries[text], 1) << text;
  }
  EXPECT_EQ(other.done().size(), 20u);

  const DeadLetterPage left = co_await bus.ListDeadLetters();
  EXPECT_EQ(left.letters.size(), 15u);
  const auto again = co_await bus.ReplayDeadLetters(query);
  EXPECT_EQ(again.letters.size(), 0u);
  query.include_replayed = true;
  const DeadLetterPage all = co_await bus.ListDeadLetters(query);
  EXPECT_EQ(all.letters.size(), 5u);
  for (const DeadLetter& letter : all.letters) EXPECT_TRUE(letter.replayed);
}

TEST_P(BusConformance, ReplayOfDeadLetters) { Run(Replay); }

// A letter that dies again is a letter again.
Promise<void> ReplayThatFails(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 1, QuickRetry(1));
  Bus& bus = test.NewBus();
  Stubborn& stubborn = test.Keep<Stubborn>();
  ThrowIfError(bus.Subscribe(contract->info(), "stubborn", stubborn));
  co_await SayMany(bus, *contract, "k", 2);
  co_await CommittedUpTo(test, "stubborn", contract->topic());
  const auto replayed = co_await bus.ReplayDeadLetters({});
  EXPECT_EQ(replayed.letters.size(), 2u);
  co_await CommittedUpTo(test, "stubborn", contract->topic());
  const DeadLetterPage page = co_await bus.ListDeadLetters();
  EXPECT_EQ(page.letters.size(), 2u);
  EXPECT_EQ(stubborn.tries["k:0"], 2);
  for (const DeadLetter& letter : page.letters) {
    EXPECT_GE(letter.source.offset, 2);
  }
}

TEST_P(BusConformance, ReplayThatFailsIsALetterAgain) { Run(ReplayThatFails); }

// Pages follow on each other without gap or repetition.
Promise<void> Pages(BusConformance& test) {
  const auto contract =
      co_await BusConformance::NewContract(test, 3, QuickRetry(1));
  Bus& bus = test.NewBus();
  Stubborn& stubborn = test.Keep<Stubborn>();
  ThrowIfError(bus.Subscribe(contract->info(), "stubborn", stubborn));
  for (int key = 0; key < 5; ++key) {
    co_await SayMany(bus, *contract, StrCat("k", key), 5);
  }
  co_await CommittedUpTo(test, "stubborn", contract->topic());
  DeadLetterQuery query;
  query.page_size = 10;
  std::map<std::string, int> seen;
  absl::Time last = absl::InfinitePast();
  std::vector<size_t> sizes;
  do {
    const DeadLetterPage page = co_await bus.ListDeadLetters(query);
    sizes.push_back(page.letters.size());
    for (const DeadLetter& letter : page.letters) {
      ++seen[letter.id];
      EXPECT_GE(letter.dead_time, last);
      last = letter.dead_time;
    }
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty());
  EXPECT_EQ(sizes, (std::vector<size_t>{10, 10, 5}));
  EXPECT_EQ(seen.size(), 25u);
  query.page_token = "no token";
  const auto bad = co_await AsStatusOr(bus.ListDeadLetters(query));
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(BusConformance, PagesOfDeadLetters) { Run(Pages); }

}  // namespace
}  // namespace millrace::bus::conformance
