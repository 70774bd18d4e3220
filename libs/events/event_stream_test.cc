// Events() as a stream: what Node's events.on() does, limits, and pausing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "events/test_support.h"
#include "loop/combinators.h"

namespace millrace::events_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Promise<void> ReadInto(Stream<int> stream, std::vector<std::string>& trace,
                       int most = 1000) {
  try {
    for (int i = 0; i < most; ++i) {
      const std::optional<int> value = co_await stream.Next();
      if (!value.has_value()) {
        trace.push_back("end");
        break;
      }
      trace.push_back(StrCat(*value));
    }
  } catch (const StatusError& error) {
    trace.push_back(error.status().ToString());
  }
}

class EventStreamTest : public testing::Test {
 protected:
  void Emit(std::vector<int> values) {
    for (int value : values) emitter_.Emit<Foo>(value);
  }
  // Reads what is there.
  void Read(Stream<int> stream) {
    const auto done = ReadInto(std::move(stream), trace_);
    loop_.Run();
    EXPECT_TRUE(done.settled());
  }

  EventLoop loop_;
  Emitter emitter_{loop_};
  std::vector<std::string> trace_;
};

TEST_F(EventStreamTest, test_events_on_async_iterator) {
  {
    // Only its event, and the listeners go with the reader.
    loop_.NextTick([&] {
      Emit({1});
      emitter_.Emit<Baz>(24);
      Emit({42});
    });
    const auto done = ReadInto(emitter_.Events<Foo>(), trace_, 2);
    EXPECT_EQ(emitter_.ListenerCount<ErrorEvent>(), 1u);
    loop_.Run();
    EXPECT_TRUE(done.settled());
    EXPECT_THAT(trace_, ElementsAre("1", "42"));
    EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  }
  {
    // An error comes after the events before it.
    trace_.clear();
    loop_.NextTick([&] {
      Emit({42});
      emitter_.Emit<ErrorEvent>(ErrorOf("kaboom"));
    });
    Read(emitter_.Events<Foo>());
    EXPECT_THAT(trace_, ElementsAre("42", "INTERNAL: kaboom"));
    EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  }
  {
    // Waiting readers are answered in order. Unlike Node, where the first is
    // rejected and the others see the end, all are told of the error.
    auto stream = emitter_.Events<Foo>();
    auto first = AsStatusOr(stream.Next());
    auto second = AsStatusOr(stream.Next());
    auto third = AsStatusOr(stream.Next());
    Emit({7});
    emitter_.Emit<ErrorEvent>(ErrorOf("kaboom"));
    loop_.Run();
    EXPECT_EQ(first.value().value(), 7);
    EXPECT_EQ(second.value().status(), absl::InternalError("kaboom"));
    EXPECT_EQ(third.value().status(), absl::InternalError("kaboom"));
    auto again = AsStatusOr(stream.Next());
    loop_.Run();
    EXPECT_EQ(again.value().status(), absl::InternalError("kaboom"));
    EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  }
  {
    // The reader gives up while it waits.
    auto stream = emitter_.Events<Foo>();
    auto waiting = AsStatusOr(stream.Next());
    stream.Cancel(absl::AbortedError("enough"));
    loop_.Run();
    EXPECT_EQ(waiting.value().status(), absl::AbortedError("enough"));
    EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  }
  {
    // A signal: aborted before, meanwhile, and after the end.
    trace_.clear();
    AbortController controller;
    auto stream = emitter_.Events<Foo>({.signal = controller.signal()});
    Emit({1});
    {
      const auto dropped =
          emitter_.Events<Foo>({.signal = controller.signal()});
    }
    EXPECT_EQ(controller.signal().listener_count(), 1u);
    controller.Abort(absl::CancelledError("enough"));
    EXPECT_THAT(emitter_.EventNames(), IsEmpty());
    Read(std::move(stream));
    Read(emitter_.Events<Foo>({.signal = controller.signal()}));
    EXPECT_THAT(trace_,
                ElementsAre("1", "CANCELLED: enough", "CANCELLED: enough"));
  }
}

TEST_F(EventStreamTest, EndsWhenACloseEventIsEmitted) {
  auto stream = emitter_.Events<Foo, Bar, Baz>();
  Emit({1, 2});
  emitter_.Emit<Bar>("closing");
  EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  Emit({3});
  Read(std::move(stream));
  EXPECT_THAT(trace_, ElementsAre("1", "2", "end"));
}

TEST_F(EventStreamTest, FailsWhenItsListenerIsRemovedOrTheEmitterGoes) {
  auto removed = emitter_.Events<Foo>();
  emitter_.RemoveAllListeners<Foo>();
  EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  auto shop = std::make_unique<Emitter>(loop_);
  auto orphan = shop->Events<Foo>();
  shop->Emit<Foo>(5);
  shop.reset();
  Read(std::move(removed));
  Read(std::move(orphan));
  ASSERT_EQ(trace_.size(), 3u);
  EXPECT_THAT(trace_[0], testing::HasSubstr("ABORTED"));
  EXPECT_EQ(trace_[1], "5");
  EXPECT_THAT(trace_[2], testing::HasSubstr("ABORTED"));
}

TEST_F(EventStreamTest, AtItsLimitItFailsAfterWhatWasUnread) {
  auto stream = emitter_.Events<Foo>({.limit = 2});
  Emit({1, 2, 3, 4});
  EXPECT_THAT(emitter_.EventNames(), IsEmpty());
  Read(std::move(stream));
  ASSERT_EQ(trace_.size(), 3u);
  EXPECT_EQ(trace_[0], "1");
  EXPECT_EQ(trace_[1], "2");
  EXPECT_THAT(trace_[2], testing::HasSubstr("RESOURCE_EXHAUSTED"));
}

TEST_F(EventStreamTest, AtItsLimitItDropsWhatItIsToldTo) {
  std::vector<uint64_t> lost;
  const auto count = [&](uint64_t n) { lost.push_back(n); };
  auto oldest = emitter_.Events<Foo, Bar>(
      {.limit = 2, .overflow = Overflow::kDropOldest, .on_lost = count});
  Emit({1, 2, 3, 4});
  EXPECT_THAT(lost, ElementsAre(1, 2));
  emitter_.Emit<Bar>("");
  auto newest = emitter_.Events<Foo, Bar>(
      {.limit = 2, .overflow = Overflow::kDropNewest, .on_lost = count});
  Emit({5, 6, 7});
  emitter_.Emit<Bar>("");
  EXPECT_THAT(lost, ElementsAre(1, 2, 1));
  Read(std::move(oldest));
  Read(std::move(newest));
  EXPECT_THAT(trace_, ElementsAre("3", "4", "end", "5", "6", "end"));
}

TEST_F(EventStreamTest, MayBeCancelledByWhoIsToldOfALoss) {
  Stream<int> stream;
  stream = emitter_.Events<Foo>(
      {.limit = 1, .overflow = Overflow::kDropOldest, .on_lost = [&](uint64_t) {
         stream.Cancel();
       }});
  Emit({1, 2, 3});
  EXPECT_FALSE(stream.valid());
  EXPECT_THAT(emitter_.EventNames(), IsEmpty());
}

TEST_F(EventStreamTest, MayBeCancelledByWhoIsToldToResume) {
  Stream<int> stream;
  int resumed = 0;
  stream = emitter_.Events<Foo>({.pause = [] {},
                                 .resume =
                                     [&] {
                                       stream.Cancel();
                                       ++resumed;
                                     },
                                 .high_water = 1,
                                 .low_water = 2});
  Emit({1, 2});
  EXPECT_EQ(stream.Next().value(), 1);
  EXPECT_EQ(resumed, 1);
  EXPECT_FALSE(stream.valid());
  EXPECT_THAT(emitter_.EventNames(), IsEmpty());
}

TEST_F(EventStreamTest, TheEmitterMayBeDestroyedByWhoIsToldOfItsListener) {
  std::unique_ptr<Emitter> shop;
  const auto open = [&] {
    shop = std::make_unique<Emitter>(loop_);
    shop->On<NewListener>([&] { shop.reset(); });
  };
  open();
  Read(shop->Events<Foo, Bar, Baz>());
  EXPECT_EQ(shop, nullptr);
  ASSERT_EQ(trace_.size(), 1u);
  EXPECT_THAT(trace_[0], testing::HasSubstr("ABORTED"));
  open();
  const auto once = AsStatusOr(shop->Once<Foo>());
  EXPECT_EQ(shop, nullptr);
  loop_.Run();
  EXPECT_EQ(once.value().status().code(), absl::StatusCode::kInternal);
}

TEST_F(EventStreamTest, HoldsTheEmitterBackBetweenItsMarks) {
  std::vector<std::string> held;
  auto stream =
      emitter_.Events<Foo>({.pause = [&] { held.push_back("pause"); },
                            .resume = [&] { held.push_back("resume"); },
                            .high_water = 2,
                            .low_water = 2});
  const auto next = [&] { return stream.Next().value(); };
  Emit({1, 2});
  EXPECT_THAT(held, IsEmpty());
  Emit({3, 4});  // the fourth was under way
  EXPECT_THAT(held, ElementsAre("pause"));
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2);
  EXPECT_THAT(held, ElementsAre("pause"));
  EXPECT_EQ(next(), 3);
  EXPECT_THAT(held, ElementsAre("pause", "resume"));
  Emit({5, 6});
  EXPECT_THAT(held, ElementsAre("pause", "resume", "pause"));
  // Who waits for the emitter otherwise is not left behind.
  stream.Cancel();
  EXPECT_THAT(held, ElementsAre("pause", "resume", "pause", "resume"));
}

TEST_F(EventStreamTest, ASlowReaderOfAPausableSourceLosesNothing) {
  // A source of 1000 events that emits in ticks while it may.
  struct Source {
    void Start() {
      paused = false;
      loop.NextTick([this] { Step(); });
    }
    void Step() {
      if (paused || sent == 1000) return;
      emitter.Emit<Foo>(++sent);
      loop.SetImmediate([this] { Step(); });
      if (sent == 1000) emitter.Emit<Bar>("done");
    }
    EventLoop& loop;
    Emitter& emitter;
    int sent = 0;
    bool paused = false;
  };
  Source source{loop_, emitter_};
  int pauses = 0;
  auto stream = emitter_.Events<Foo, Bar>({.limit = 5,
                                           .pause =
                                               [&] {
                                                 source.paused = true;
                                                 ++pauses;
                                               },
                                           .resume = [&] { source.Start(); },
                                           .high_water = 4});
  source.Start();
  std::vector<int> read;
  struct Slow {
    static Promise<void> Read(EventLoop& loop, Stream<int> stream,
                              std::vector<int>& read) {
      while (std::optional<int> value = co_await stream.Next()) {
        read.push_back(*value);
        for (int i = 0; i < 3; ++i) {
          Deferred<void> turn;
          loop.SetImmediate([&turn] { turn.Resolve(); });
          co_await turn.promise();
        }
      }
    }
  };
  const auto done = Slow::Read(loop_, std::move(stream), read);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_FALSE(done.rejected());
  ASSERT_EQ(read.size(), 1000u);
  EXPECT_EQ(read.back(), 1000);
  EXPECT_GT(pauses, 10);
}

}  // namespace
}  // namespace millrace::events_test
