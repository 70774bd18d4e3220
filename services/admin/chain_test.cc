#include "services/admin/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/strings.h"

namespace millrace::admin {
namespace {

using ::testing::HasSubstr;

AuditRecord Sample() {
  return {.event_id = "e1",
          .event_type = "users.v1.UserEvents.Created",
          .source = "/users",
          .subject = "u1",
          .occur_time = absl::FromUnixMicros(1'700'000'000'000'001),
          .record_time = absl::FromUnixMicros(1'700'000'003'000'002),
          .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
          .payload_type = "users.v1.UserCreated",
          .payload = "\x0a\x02u1",
          .actor = "root"};
}

// Computed by another program from what the header says.
TEST(Chain, TheHashIsOfTheBytesThatAreDocumented) {
  AuditRecord record = Sample();
  record.id = 7;
  record.previous_hash = NoHash();
  EXPECT_EQ(absl::BytesToHexString(HashOf(record)),
            "e5ae4bf33f130e8296d042f302a1a8f5ef47bf769d48c953dd739a7276adfda3");
}

TEST(Chain, EveryFieldCounts) {
  AuditRecord record = Sample();
  record.id = 7;
  record.previous_hash = NoHash();
  const std::string hash = HashOf(record);
  const std::vector<std::function<void(AuditRecord&)>> changes = {
      [](AuditRecord& r) { r.id = 8; },
      [](AuditRecord& r) { r.event_id += "x"; },
      [](AuditRecord& r) { r.event_type += "x"; },
      [](AuditRecord& r) { r.source += "x"; },
      [](AuditRecord& r) { r.subject += "x"; },
      [](AuditRecord& r) { r.actor += "x"; },
      [](AuditRecord& r) { r.trace_id += "x"; },
      [](AuditRecord& r) { r.payload_type += "x"; },
      [](AuditRecord& r) { r.payload += '\0'; },
      [](AuditRecord& r) { r.occur_time += absl::Microseconds(1); },
      [](AuditRecord& r) { r.record_time += absl::Microseconds(1); },
      [](AuditRecord& r) { r.previous_hash[31] = 1; },
      // What ends one field cannot begin the next.
      [](AuditRecord& r) {
        r.source += r.subject[0];
        r.subject.erase(0, 1);
      }};
  for (size_t i = 0; i < changes.size(); ++i) {
    AuditRecord changed = record;
    changes[i](changed);
    EXPECT_NE(HashOf(changed), hash) << "change " << i;
  }
  AuditRecord same = record;
  same.hash = "does not count";
  EXPECT_EQ(HashOf(same), hash);
}

TEST(Chain, GivesIdsUnlessThereIsOne) {
  AuditHead head;
  AuditRecord first = Sample(), later = Sample();
  later.id = 40;
  Chain(first, head);
  EXPECT_EQ(first.id, 1);
  EXPECT_EQ(first.previous_hash, NoHash());
  Chain(later, head);
  EXPECT_EQ(head.id, 40);
  EXPECT_EQ(head.entries, 2);
  EXPECT_EQ(head.hash, later.hash);
  EXPECT_EQ(later.previous_hash, first.hash);
}

struct Trail {
  std::vector<AuditRecord> records;
  AuditHead head;
};

Trail MakeTrail(int count) {
  Trail trail;
  for (int i = 1; i <= count; ++i) {
    AuditRecord record = Sample();
    record.event_id = StrCat("e", i);
    Chain(record, trail.head);
    trail.records.push_back(record);
  }
  return trail;
}

std::optional<ChainBreak> FirstBreak(const Trail& trail, AuditHead kept = {}) {
  ChainChecker checker({}, std::move(kept));
  for (const AuditRecord& record : trail.records) {
    if (auto found = checker.Check(record)) return found;
  }
  if (auto found = checker.CheckEnd(trail.head)) return found;
  return checker.CheckKept();
}

TEST(ChainChecker, PassesWhatIsAsItWas) {
  EXPECT_EQ(FirstBreak(MakeTrail(0)), std::nullopt);
  const Trail trail = MakeTrail(5);
  EXPECT_EQ(FirstBreak(trail), std::nullopt);
  AuditHead kept{.id = 3, .hash = trail.records[2].hash};
  EXPECT_EQ(FirstBreak(trail, kept), std::nullopt);
}

TEST(ChainChecker, SeesThatTheTrailWasWrittenAnew) {
  const Trail kept = MakeTrail(5);
  Trail trail;
  for (const AuditRecord& record : kept.records) {
    AuditRecord changed = record;
    changed.id = 0;
    if (record.id == 2) changed.actor = "somebody else";
    Chain(changed, trail.head);
    trail.records.push_back(changed);
  }
  EXPECT_EQ(FirstBreak(trail), std::nullopt);  // by itself it looks right
  const auto found = FirstBreak(trail, kept.head);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, ChainBreak::kNotKept);
  EXPECT_EQ(found->id, 5);
}

TEST(ChainChecker, AKeptHeadShowsACutEndOfWhichTheHeadKnowsNothing) {
  const Trail kept = MakeTrail(5);
  Trail trail = MakeTrail(3);
  EXPECT_EQ(FirstBreak(trail), std::nullopt);
  const auto found = FirstBreak(trail, kept.head);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, ChainBreak::kNotKept);
  EXPECT_THAT(found->reason, HasSubstr("entry 3"));
}

// Whatever is done to one entry of a trail, the first break is that entry, or
// the one behind it.
TEST(ChainChecker, FindsWhereSomethingWasDone) {
  std::mt19937 random(20261126);
  const auto pick = [&random](int low, int high) {
    return std::uniform_int_distribution<>(low, high)(random);
  };
  for (int round = 0; round < 300; ++round) {
    const int count = pick(2, 12);
    Trail trail = MakeTrail(count);
    const int at = pick(0, count - 1);  // entry at + 1
    AuditRecord& record = trail.records[at];
    int64_t expected = at + 1;
    const int what = pick(0, 4);
    if (what == 0) {
      record.payload[pick(0, 3)] ^= 1;
    } else if (what == 1) {
      record.actor = "x";
      record.hash = HashOf(record);
      expected = at + 2;  // or the head, behind the last
    } else if (what == 2) {
      trail.records.erase(trail.records.begin() + at);
      expected = at + 2;
      if (at == count - 1) expected = at + 1;
    } else if (what == 3) {
      AuditRecord more = record;
      more.id = record.id + 1;
      more.previous_hash = record.hash;
      more.hash = HashOf(more);
      trail.records.insert(trail.records.begin() + at + 1, more);
      expected = at + 2;
    } else {
      const int other = at == 0 ? 1 : at - 1;
      std::swap(trail.records[at].payload, trail.records[other].payload);
      std::swap(trail.records[at].event_id, trail.records[other].event_id);
      expected = std::min(at, other) + 1;
    }
    const auto found = FirstBreak(trail);
    ASSERT_TRUE(found) << "round " << round << ", what " << what;
    // What was put in behind entry n is found at entry n + 1, whichever of the
    // two that now is.
    EXPECT_EQ(found->id, expected) << found->reason << ", what " << what;
  }
}

}  // namespace
}  // namespace millrace::admin
