#include "runtime/span_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "runtime/trace_wire.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> NamesIn(const SpanRing& ring) {
  std::vector<std::string> names;
  ring.ForEach([&](const Span& span) { names.emplace_back(span.name); });
  return names;
}

void Record(SpanRing& ring, std::string_view name) {
  Span span;
  span.name = name;
  ring.Record(span);
}

TEST(SpanRingTest, ForgetsTheOldest) {
  SpanRing ring(3);
  for (const char* name : {"a", "b"}) Record(ring, name);
  EXPECT_THAT(NamesIn(ring), ElementsAre("a", "b"));
  for (const char* name : {"c", "d"}) Record(ring, name);
  EXPECT_THAT(NamesIn(ring), ElementsAre("b", "c", "d"));
  EXPECT_EQ(ring.recorded(), 4u);
}

TEST(SpanRingTest, KeepsNothingWhenItHasNoRoom) {
  SpanRing ring(0);
  Record(ring, "a");
  EXPECT_THAT(NamesIn(ring), IsEmpty());
}

TEST(SpanRingTest, KeepsTheTextsAndCutsTheErrorFirst) {
  SpanRing ring(1);
  const std::string long_error(1000, 'e');
  {
    const std::string event_id = "id-1", name = "a.v1.Events.Said", key = "k";
    Span span;
    span.event_id = event_id;
    span.name = name;
    span.key = key;
    span.group = "group";
    span.error = long_error;
    ring.Record(span);
  }
  ring.ForEach([&](const Span& span) {
    EXPECT_EQ(span.event_id, "id-1");
    EXPECT_EQ(span.name, "a.v1.Events.Said");
    EXPECT_EQ(span.key, "k");
    EXPECT_EQ(span.group, "group");
    EXPECT_EQ(span.source, "");
    EXPECT_EQ(span.error, long_error.substr(0, span.error.size()));
    EXPECT_GT(span.error.size(), 100u);
    EXPECT_LT(span.error.size(), 1000u);
  });
}

TEST(SpanRingTest, TakesSpansFromManyThreads) {
  SpanRing ring(1000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&ring, i] {
      for (int n = 0; n < 200; ++n) Record(ring, StrCat(i, ".", n));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> names = NamesIn(ring);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
  EXPECT_THAT(names, SizeIs(800));
}

TEST(TraceWireTest, IdsAreTextAndBytesThatAreNoTextAreReplaced) {
  Span span;
  span.kind = Span::Kind::kHandle;
  span.outcome = Span::Outcome::kDeadLetter;
  span.span_id = {0, 0, 0, 0, 0, 0, 1, 0xab};
  span.key = "k\xff";
  span.duration = absl::Milliseconds(1500);
  const v1::Span wire = ToWire(span);
  EXPECT_EQ(wire.span_id(), "00000000000001ab");
  EXPECT_EQ(wire.parent_id(), "");
  EXPECT_EQ(wire.kind(), v1::Span::KIND_HANDLE);
  EXPECT_EQ(wire.outcome(), v1::Span::OUTCOME_DEAD_LETTER);
  EXPECT_EQ(wire.key(), "k?");
  EXPECT_EQ(wire.duration().seconds(), 1);
  EXPECT_EQ(wire.duration().nanos(), 500'000'000);
}

TEST(TraceWireTest, EachKindHasItsOwn) {
  const auto kind = [](Span::Kind of) {
    Span span;
    span.kind = of;
    return ToWire(span).kind();
  };
  EXPECT_EQ(kind(Span::Kind::kRequest), v1::Span::KIND_REQUEST);
  EXPECT_EQ(kind(Span::Kind::kEmit), v1::Span::KIND_EMIT);
  EXPECT_EQ(kind(Span::Kind::kHandle), v1::Span::KIND_HANDLE);
  EXPECT_EQ(kind(Span::Kind::kCall), v1::Span::KIND_CALL);
  EXPECT_EQ(kind(Span::Kind::kLocalEmit), v1::Span::KIND_LOCAL_EMIT);
  EXPECT_EQ(kind(Span::Kind::kListen), v1::Span::KIND_LISTEN);
}

TEST(TraceWireTest, TellsTraceIdsFromOtherTexts) {
  EXPECT_TRUE(TraceIdFrom("4bf92f3577b34da6a3ce929d0e0e4736"));
  EXPECT_FALSE(TraceIdFrom("4BF92F3577B34DA6A3CE929D0E0E4736"));
  EXPECT_FALSE(TraceIdFrom("00000000000000000000000000000000"));
  EXPECT_FALSE(TraceIdFrom("018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a"));
}

}  // namespace
}  // namespace millrace::runtime
