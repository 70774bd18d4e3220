// A contract that extends others, through the embedded transport: one
// subscription hears all topics, and each event is treated as the contract
// says that declares it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/status.h"
#include "base/strings.h"
#include "bus/bus.h"
#include "bus/local/local_transport.h"
#include "events/event_emitter.h"
#include "golden/wide.millrace.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

using golden::v1::BoardEvents;
using golden::v1::PaperBoardEvents;
using golden::v1::PenEvents;
using golden::wide::v1::DeskEvents;
using golden::wide::v1::StudioEvents;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Notes what it hears; fails with what `failing` has for the event's type.
class Recorder : public StudioEvents::Listener {
 public:
  Promise<void> OnTidied(
      const Event<golden::wide::v1::DeskTidied>& event) override {
    return Note("tidied", event.envelope);
  }
  Promise<void> OnDeskEventsLost(
      const Event<golden::wide::v1::DotDrawn>& event) override {
    return Note("lost on a desk", event.envelope);
  }
  Promise<void> OnPenEventsLost(
      const Event<golden::v1::PenLost>& event) override {
    return Note("lost a pen", event.envelope);
  }
  Promise<void> OnDrawn(const Event<golden::v1::DotDrawn>& event) override {
    return Note("drawn", event.envelope);
  }
  Promise<void> OnTorn(const Event<golden::v1::BoardTorn>& event) override {
    return Note("torn", event.envelope);
  }

  std::vector<std::string> heard;
  std::map<std::string, absl::Status> failing;

 private:
  Promise<void> Note(std::string what, const EventEnvelope& envelope) {
    heard.push_back(StrCat(what, " ", envelope.key));
    const auto it = failing.find(envelope.type);
    if (it != failing.end()) return Promise<void>::Reject(it->second);
    return Promise<void>::Resolve();
  }
};

class WideSubscriptionTest : public testing::Test {
 protected:
  WideSubscriptionTest() {
    store::DatabaseOptions options;
    options.url = "sqlite::memory:";
    database_ =
        ValueOrThrow(store::Database::Open(loop_, options, logger_, metrics_));
    Run(Open());
  }
  ~WideSubscriptionTest() override { Run(Close()); }

  // Runs the loop until the promise has settled.
  void Run(Promise<void> promise) {
    std::optional<absl::Status> status;
    const auto done =
        AsStatusOr(std::move(promise)).Then([&](absl::Status ended) {
          status = std::move(ended);
          loop_.Stop();
        });
    while (!status) loop_.Run();
    EXPECT_EQ(*status, absl::OkStatus());
  }

  // One of each that the recorder hears.
  Promise<void> PublishAll() {
    golden::wide::v1::DeskTidied tidied;
    tidied.set_desk_id("d");
    co_await bus_->Publish<StudioEvents::Tidied>(tidied);
    golden::wide::v1::DotDrawn lost;
    lost.set_desk_id("e");
    co_await bus_->Publish<StudioEvents::DeskEventsLost>(lost);
    golden::v1::PenLost pen;
    pen.mutable_pen()->set_number(3);
    co_await bus_->Publish<StudioEvents::PenEventsLost>(pen);
    golden::v1::DotDrawn drawn;
    drawn.set_board_id("b");
    co_await bus_->Publish<StudioEvents::Drawn>(drawn);
    golden::v1::BoardTorn torn;
    torn.set_board_id("c");
    co_await bus_->Publish<StudioEvents::Torn>(torn);
  }

  static Promise<void> Until(const std::vector<std::string>& heard,
                             size_t count) {
    while (heard.size() < count) co_await Delay(absl::Milliseconds(1));
  }

  Promise<void> UntilBuried(std::vector<DeadLetter>* letters, size_t count) {
    while (letters->size() < count) {
      co_await Delay(absl::Milliseconds(10));
      DeadLetterPage page = co_await bus_->ListDeadLetters();
      *letters = std::move(page.letters);
    }
  }

  Promise<void> ReadTail(std::vector<const ContractInfo*> contracts,
                         std::vector<std::string>* types) {
    TailOptions options;
    options.from = TailFrom::kBeginning;
    options.follow = false;
    Stream<EventEnvelope> tail =
        bus_->Tail(std::move(contracts), std::move(options));
    while (std::optional<EventEnvelope> event = co_await tail.Next()) {
      types->push_back(event->type);
    }
  }

  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<local::LocalTransport> transport_;
  std::unique_ptr<Bus> bus_;
  Recorder recorder_;

 private:
  Promise<void> Open() {
    transport_ = co_await local::LocalTransport::Open(loop_, *database_, clock_,
                                                      logger_, metrics_);
    bus_ = std::make_unique<Bus>(loop_, *transport_, logger_, metrics_);
  }
  Promise<void> Close() {
    co_await bus_->Drain(absl::Seconds(5));
    bus_.reset();
    co_await transport_->Close(absl::Seconds(5));
    transport_.reset();
    co_await database_->Close();
  }
};

TEST_F(WideSubscriptionTest, OneListenerHearsTheEventsOfAllBasesOnce) {
  ASSERT_EQ(bus_->Subscribe<StudioEvents>("studio", recorder_),
            absl::OkStatus());
  Run(bus_->Declare(StudioEvents::Info()));
  Run(PublishAll());
  Run(Until(recorder_.heard, 5));
  // Another round through the log, for what would come twice.
  Run(PublishAll());
  Run(Until(recorder_.heard, 10));
  EXPECT_THAT(
      recorder_.heard,
      UnorderedElementsAre("tidied d", "lost on a desk e", "lost a pen 3",
                           "drawn b", "torn c", "tidied d", "lost on a desk e",
                           "lost a pen 3", "drawn b", "torn c"));
}

TEST_F(WideSubscriptionTest, EachTopicIsRetriedAndBuriedAsItsOwnContractSays) {
  // DeskEvents has two attempts, BoardEvents five.
  recorder_.failing = {
      {std::string(DeskEvents::Tidied::kType), absl::InternalError("untidy")},
      {std::string(BoardEvents::Drawn::kType), absl::InternalError("blank")}};
  ASSERT_EQ(bus_->Subscribe<StudioEvents>("studio", recorder_),
            absl::OkStatus());
  Run(bus_->Declare(StudioEvents::Info()));
  Run(PublishAll());
  std::vector<DeadLetter> letters;
  Run(UntilBuried(&letters, 2));
  std::vector<std::string> buried;
  for (const DeadLetter& letter : letters) {
    buried.push_back(StrCat(letter.source.topic, " ", letter.attempts));
  }
  EXPECT_THAT(buried, UnorderedElementsAre("golden.wide.v1.desks 2",
                                           "golden.v1.board 5"));
}

TEST_F(WideSubscriptionTest, ItsTailHasEveryTopicOnce) {
  Run(bus_->Declare(StudioEvents::Info()));
  Run(PublishAll());
  std::vector<const ContractInfo*> contracts;
  contracts.push_back(&StudioEvents::Info());
  contracts.push_back(&BoardEvents::Info());
  std::vector<std::string> types;
  Run(ReadTail(std::move(contracts), &types));
  EXPECT_THAT(types, UnorderedElementsAre("golden.wide.v1.DeskEvents.Tidied",
                                          "golden.wide.v1.DeskEvents.Lost",
                                          "golden.v1.PenEvents.Lost",
                                          "golden.v1.BoardEvents.Drawn",
                                          "golden.v1.BoardEvents.Torn"));
}

TEST_F(WideSubscriptionTest, MergedEventsShareTheTopicAndOthersPassThemOver) {
  class Board : public BoardEvents::Listener {
   public:
    Promise<void> OnDrawn(const Event<golden::v1::DotDrawn>& event) override {
      heard.push_back(event.envelope.key);
      return Promise<void>::Resolve();
    }
    std::vector<std::string> heard;
  } board;
  ASSERT_EQ(bus_->Subscribe<BoardEvents>("board", board), absl::OkStatus());
  Run(bus_->Declare(PaperBoardEvents::Info()));
  golden::v1::BoardTorn torn;
  torn.set_board_id("k");
  golden::v1::DotDrawn drawn;
  drawn.set_board_id("k");
  Run(bus_->Publish<PaperBoardEvents::Torn>(torn).Then(
      [](const std::string&) {}));
  Run(bus_->Publish<PaperBoardEvents::Drawn>(drawn).Then(
      [](const std::string&) {}));
  // Of the same key, so that the torn one is done with before.
  Run(Until(board.heard, 1));
  EXPECT_THAT(board.heard, ElementsAre("k"));
  Run(bus_->Drain(absl::Seconds(5)));
  Run(bus_->ListDeadLetters().Then([](const DeadLetterPage& page) {
    EXPECT_THAT(page.letters, IsEmpty());
  }));
}

TEST_F(WideSubscriptionTest, AnEmitterOfItEmitsTheEventsOfItsBases) {
  EventEmitter<StudioEvents> studio(loop_);
  std::vector<std::string> heard;
  studio.On<StudioEvents::Torn>([&](const golden::v1::BoardTorn& torn) {
    heard.push_back("torn " + torn.board_id());
  });
  studio.On<BoardEvents::Drawn>([&](const golden::v1::DotDrawn& drawn) {
    heard.push_back("drawn " + drawn.board_id());
  });
  studio.On<StudioEvents::DeskEventsLost>([&] { heard.push_back("desk"); });
  studio.On<PenEvents::Lost>([&] { heard.push_back("pen"); });
  loop_.SetImmediate([&] {
    golden::v1::BoardTorn torn;
    torn.set_board_id("b");
    EXPECT_TRUE(studio.Emit<PaperBoardEvents::Torn>(torn));
    golden::v1::DotDrawn drawn;
    drawn.set_board_id("c");
    EXPECT_TRUE(studio.Emit<StudioEvents::Drawn>(drawn));
    EXPECT_TRUE(studio.Emit<StudioEvents::PenEventsLost>({}));
    EXPECT_FALSE(studio.Emit<StudioEvents::Tidied>({}));
  });
  loop_.Run();
  EXPECT_THAT(heard, ElementsAre("torn b", "drawn c", "pen"));
}

}  // namespace
}  // namespace millrace::bus
