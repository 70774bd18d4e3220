#include "contract/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "golden/emitter.millrace.h"
#include "golden/emitter_more.millrace.h"
#include "golden/wide.millrace.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using golden::v1::BoardEvents;
using golden::v1::DotDrawn;
using golden::v1::PaperBoardEvents;
using golden::v1::PenEvents;
using golden::wide::v1::DeskEvents;
using golden::wide::v1::StudioEvents;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Settles the promise by running the loop and answers how it ended.
absl::Status StatusOf(EventLoop& loop, Promise<void> promise) {
  absl::Status status = absl::UnknownError("never settled");
  std::move(promise)
      .Then([&] { status = absl::OkStatus(); },
            [&](std::exception_ptr error) { status = StatusFrom(error); })
      .Catch([](std::exception_ptr) {})
      .settled();
  loop.Run();
  return status;
}

EventEnvelope EnvelopeOf(std::string_view type, std::string payload) {
  EventEnvelope envelope;
  envelope.id = "e1";
  envelope.type = type;
  envelope.payload = std::move(payload);
  return envelope;
}

TEST(Contract, InfoIsWhatTheOptionsSay) {
  const ContractInfo& board = BoardEvents::Info();
  EXPECT_EQ(board.full_name, "golden.v1.BoardEvents");
  EXPECT_EQ(board.topic, "golden.v1.board");
  EXPECT_EQ(board.partitions, 8);
  EXPECT_EQ(board.retention, absl::Hours(168));
  EXPECT_EQ(board.retry.max_attempts, 5);
  EXPECT_EQ(board.dead_letter_topic, "golden.v1.board.dead");
  ASSERT_EQ(board.events.size(), BoardEvents::kEventCount);

  const ContractInfo& pens = PenEvents::Info();
  EXPECT_EQ(pens.partitions, 3);
  EXPECT_EQ(pens.retention, absl::Hours(36));
  EXPECT_EQ(pens.retry.max_attempts, 9);
  EXPECT_EQ(pens.retry.initial_backoff, absl::Milliseconds(1500));
  EXPECT_EQ(pens.retry.max_backoff, absl::Minutes(2));
  EXPECT_EQ(pens.retry.multiplier, 1.5);
  EXPECT_EQ(pens.dead_letter_topic, "golden.v1.broken-pens");
}

TEST(Contract, TagsAreTheRowsOfTheTable) {
  const ContractInfo& info = PenEvents::Info();
  EXPECT_EQ(PenEvents::Painted::kIndex, 2u);
  EXPECT_EQ(info.events[2].name, PenEvents::Painted::kName);
  EXPECT_EQ(info.events[2].type, "golden.v1.PenEvents.Painted");
  EXPECT_EQ(FindEvent(info, PenEvents::Painted::kType), &info.events[2]);
  EXPECT_EQ(FindEvent(info, "golden.v1.PenEvents.Gone"), nullptr);
  EXPECT_EQ(info.events[2].payload().GetDescriptor()->full_name(),
            "golden.v1.PenPainted");
}

TEST(Contract, AWideOneHasTheEventsOfItsBasesEachOnce) {
  const ContractInfo& studio = StudioEvents::Info();
  EXPECT_EQ(studio.topic, "");
  EXPECT_THAT(studio.events, IsEmpty());
  EXPECT_THAT(studio.bases,
              ElementsAre(&DeskEvents::Info(), &PaperBoardEvents::Info(),
                          &BoardEvents::Info()));
  EXPECT_THAT(DeclaringContracts(studio),
              ElementsAre(&DeskEvents::Info(), &PenEvents::Info(),
                          &BoardEvents::Info(), &PaperBoardEvents::Info()));
  EXPECT_THAT(DeclaringContracts(BoardEvents::Info()),
              ElementsAre(&BoardEvents::Info()));
  // Two of DeskEvents, five of PenEvents, one of each other.
  EXPECT_EQ(StudioEvents::kEventCount, 9u);
  EXPECT_EQ(FindEvent(studio, "golden.v1.PenEvents.Lost"),
            &PenEvents::Info().events[1]);
  EXPECT_EQ(FindEvent(studio, "golden.wide.v1.StudioEvents.Lost"), nullptr);
}

TEST(Contract, AnEventIsOneTypeUnderWhateverName) {
  EXPECT_TRUE((std::is_same_v<StudioEvents::Drawn, BoardEvents::Drawn>));
  EXPECT_TRUE((std::is_same_v<StudioEvents::PenEventsLost, PenEvents::Lost>));
  EXPECT_TRUE((std::is_same_v<StudioEvents::DeskEventsLost, DeskEvents::Lost>));
  EXPECT_FALSE((std::is_same_v<DeskEvents::Lost, PenEvents::Lost>));
}

TEST(Contract, WhatIsMergedHasTheTopicAndNameOfItsContract) {
  const ContractInfo& paper = PaperBoardEvents::Info();
  const ContractInfo& board = BoardEvents::Info();
  EXPECT_EQ(paper.topic, board.topic);
  EXPECT_EQ(paper.dead_letter_topic, board.dead_letter_topic);
  EXPECT_EQ(paper.full_name, "golden.v1.PaperBoardEvents");
  EXPECT_EQ(PaperBoardEvents::Torn::kType, "golden.v1.BoardEvents.Torn");
  EXPECT_EQ(FindEvent(board, PaperBoardEvents::Torn::kType), nullptr);
  EXPECT_EQ(FindEvent(paper, PaperBoardEvents::Torn::kType), &paper.events[0]);
}

TEST(Contract, KeysAreTextOfAnyType) {
  DotDrawn drawn;
  drawn.set_board_id("b");
  EXPECT_EQ(BoardEvents::Drawn::Key(drawn), "b");
  golden::v1::PenBought bought;
  bought.set_number(-7);
  EXPECT_EQ(PenEvents::Bought::Key(bought), "-7");
  golden::v1::PenLost lost;
  EXPECT_EQ(PenEvents::Lost::Key(lost), "0");
  *lost.mutable_pen() = bought;
  EXPECT_EQ(PenEvents::Info().events[1].key(lost), "-7");
  golden::v1::PenPainted painted;
  painted.set_kind(golden::v1::PenPainted::KIND_FELT);
  EXPECT_EQ(PenEvents::Painted::Key(painted), "1");
  golden::v1::Broken broken;
  broken.set_register_(std::string("\0x", 2));
  EXPECT_EQ(PenEvents::Broken::Key(broken), std::string("\0x", 2));
}

class Recorder : public PenEvents::Listener {
 public:
  Promise<void> OnBought(const Event<golden::v1::PenBought>& event) override {
    const EventEnvelope* envelope = &event.envelope;
    co_await Promise<void>::Resolve();
    // The event is still there behind a suspension.
    seen.push_back(envelope->id + ":" + std::to_string(event.payload.number()));
    if (event.payload.number() < 0) {
      Throw(absl::UnavailableError("the shop is closed"));
    }
  }

  std::vector<std::string> seen;
};

TEST(Listener, IsHandedItsEvents) {
  EventLoop loop;
  Recorder recorder;
  golden::v1::PenBought bought;
  bought.set_number(7);
  const EventEnvelope envelope =
      EnvelopeOf(PenEvents::Bought::kType, bought.SerializeAsString());
  EXPECT_EQ(StatusOf(loop, recorder.Deliver(envelope)), absl::OkStatus());
  EXPECT_THAT(recorder.seen, ElementsAre("e1:7"));
}

TEST(Listener, PassesOverWhatItDoesNotHandle) {
  EventLoop loop;
  Recorder recorder;
  const EventEnvelope unhandled = EnvelopeOf(PenEvents::Lost::kType, "");
  EXPECT_EQ(StatusOf(loop, recorder.Deliver(unhandled)), absl::OkStatus());
  const EventEnvelope newer = EnvelopeOf("golden.v1.PenEvents.Sold", "\xff");
  EXPECT_EQ(StatusOf(loop, recorder.Deliver(newer)), absl::OkStatus());
  EXPECT_THAT(recorder.seen, IsEmpty());
}

TEST(Listener, OfAWideContractIsHandedTheEventsOfItsBases) {
  class Desk : public StudioEvents::Listener {
   public:
    Promise<void> OnPenEventsLost(
        const Event<golden::v1::PenLost>& event) override {
      seen.push_back("pen " + std::to_string(event.payload.pen().number()));
      return Promise<void>::Resolve();
    }
    Promise<void> OnDeskEventsLost(
        const Event<golden::wide::v1::DotDrawn>& event) override {
      seen.push_back("on desk " + event.payload.desk_id());
      return Promise<void>::Resolve();
    }
    std::vector<std::string> seen;
  } desk;
  EventLoop loop;
  golden::v1::PenLost pen;
  pen.mutable_pen()->set_number(4);
  const EventEnvelope pen_lost =
      EnvelopeOf("golden.v1.PenEvents.Lost", pen.SerializeAsString());
  EXPECT_EQ(StatusOf(loop, desk.Deliver(pen_lost)), absl::OkStatus());
  golden::wide::v1::DotDrawn lost;
  lost.set_desk_id("d");
  const EventEnvelope desk_lost =
      EnvelopeOf("golden.wide.v1.DeskEvents.Lost", lost.SerializeAsString());
  EXPECT_EQ(StatusOf(loop, desk.Deliver(desk_lost)), absl::OkStatus());
  EXPECT_THAT(desk.seen, ElementsAre("pen 4", "on desk d"));
}

TEST(Listener, ItsErrorIsTheDeliverys) {
  EventLoop loop;
  Recorder recorder;
  golden::v1::PenBought bought;
  bought.set_number(-1);
  const EventEnvelope envelope =
      EnvelopeOf(PenEvents::Bought::kType, bought.SerializeAsString());
  EXPECT_EQ(StatusOf(loop, recorder.Deliver(envelope)),
            absl::UnavailableError("the shop is closed"));
}

TEST(Listener, UndecodableIsDataLoss) {
  EventLoop loop;
  Recorder recorder;
  const EventEnvelope envelope = EnvelopeOf(PenEvents::Bought::kType, "\xff");
  const absl::Status status = StatusOf(loop, recorder.Deliver(envelope));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(),
            "event e1 of type golden.v1.PenEvents.Bought does not decode as "
            "golden.v1.PenBought: 1 bytes that are not this message");
  EXPECT_THAT(recorder.seen, IsEmpty());
}

TEST(DecodePayload, ReadsJson) {
  EventEnvelope envelope =
      EnvelopeOf(PenEvents::Bought::kType, R"({"number": "12"})");
  envelope.content_type = "application/json; charset=utf-8";
  golden::v1::PenBought bought;
  ASSERT_EQ(DecodePayload(envelope, &bought), absl::OkStatus());
  EXPECT_EQ(bought.number(), 12);

  envelope.payload = "{";
  const absl::Status status = DecodePayload(envelope, &bought);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 1, column 2"));
}

TEST(DecodePayload, NamesAnUnknownContentType) {
  EventEnvelope envelope = EnvelopeOf(PenEvents::Bought::kType, "<number/>");
  envelope.content_type = "text/xml";
  golden::v1::PenBought bought;
  const absl::Status status = DecodePayload(envelope, &bought);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'text/xml'"));
}

}  // namespace
}  // namespace millrace
