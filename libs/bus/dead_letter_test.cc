#include "bus/dead_letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::bus {
namespace {

DeadLetter Sample() {
  DeadLetter letter;
  letter.group = "admin.audit";
  letter.failure = absl::InternalError("no such table");
  letter.attempts = 5;
  letter.errors = {{4, absl::FromUnixMillis(1'700'000'000'000),
                    absl::UnavailableError("away")},
                   {5, absl::FromUnixMillis(1'700'000'000'100),
                    absl::InternalError("no such table")}};
  letter.dead_time = absl::FromUnixMillis(1'700'000'000'123);
  letter.source.topic = "users.v1.events";
  letter.source.partition = 3;
  letter.source.offset = 41;
  letter.source.time = absl::FromUnixMillis(1'700'000'000'001);
  letter.source.key = "u-1";
  letter.source.value = "payload";
  letter.source.headers = {{"ce_id", "e-1"}, {"traceparent", "tp"}};
  return letter;
}

Record Written(Record record) {
  record.partition = 0;
  record.offset = 9;
  return record;
}

TEST(DeadLetterTest, SaysWhatWhyAndWhere) {
  const Record record = EncodeDeadLetter(Sample(), "users.v1.events.dead");
  EXPECT_EQ(record.topic, "users.v1.events.dead");
  EXPECT_EQ(record.key, "u-1");
  EXPECT_EQ(record.value, "payload");
  const auto header = [&](const char* name) {
    return std::string(record.headers.Find(name).value_or("(none)"));
  };
  EXPECT_EQ(header("ce_id"), "e-1");
  EXPECT_EQ(header("traceparent"), "tp");
  EXPECT_EQ(header("millrace-dead-id"),
            "admin.audit/users.v1.events/3/41/1700000000001");
  EXPECT_EQ(header("millrace-dead-group"), "admin.audit");
  EXPECT_EQ(header("millrace-dead-topic"), "users.v1.events");
  EXPECT_EQ(header("millrace-dead-partition"), "3");
  EXPECT_EQ(header("millrace-dead-offset"), "41");
  EXPECT_EQ(header("millrace-dead-code"), "13");
  EXPECT_EQ(header("millrace-dead-reason"), "no such table");
  EXPECT_EQ(header("millrace-dead-attempts"), "5");
  EXPECT_EQ(header("millrace-dead-time"), "2023-11-14T22:13:20.123+00:00");
}

TEST(DeadLetterTest, HasTheErrorsOfTheLastAttempts) {
  DeadLetter letter = Sample();
  letter.errors.clear();
  for (int i = 1; i <= 7; ++i) {
    letter.errors.push_back(
        {i, absl::FromUnixSeconds(i), absl::AbortedError(StrCat("try ", i))});
  }
  letter.errors.push_back(
      {8, absl::FromUnixSeconds(8), absl::AbortedError(std::string(999, 'x'))});
  const auto decoded =
      DecodeDeadLetter(Written(EncodeDeadLetter(letter, "dead")));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const std::vector<AttemptError>& errors = (*decoded)->errors;
  ASSERT_EQ(errors.size(), 5u);
  EXPECT_EQ(errors[0].attempt, 4);
  EXPECT_EQ(errors[0].time, absl::FromUnixSeconds(4));
  EXPECT_EQ(errors[0].failure, absl::AbortedError("try 4"));
  EXPECT_EQ(errors[4].failure.message(), std::string(512, 'x'));
  // A replay begins without them.
  EXPECT_FALSE(EncodeReplay(**decoded).headers.Find("millrace-dead-error"));
}

TEST(DeadLetterTest, ReadsBackWhatItWrote) {
  const auto decoded =
      DecodeDeadLetter(Written(EncodeDeadLetter(Sample(), "dead")));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_TRUE(decoded->has_value());
  const DeadLetter& letter = **decoded;
  EXPECT_EQ(letter.id, "admin.audit/users.v1.events/3/41/1700000000001");
  EXPECT_EQ(letter.failure, Sample().failure);
  EXPECT_EQ(letter.dead_time, Sample().dead_time);
  EXPECT_EQ(letter.source.topic, "users.v1.events");
  EXPECT_EQ(letter.source.offset, 41);
  EXPECT_EQ(letter.source.headers, Sample().source.headers);
}

TEST(DeadLetterTest, AReplayIsTheSourceForOneGroup) {
  const Record replay = EncodeReplay(Sample());
  EXPECT_EQ(replay.topic, "users.v1.events");
  EXPECT_EQ(replay.key, "u-1");
  EXPECT_EQ(replay.value, "payload");
  EXPECT_EQ(replay.headers.Find("ce_id"), "e-1");
  EXPECT_FALSE(IsForAnotherGroup(replay, "admin.audit"));
  EXPECT_TRUE(IsForAnotherGroup(replay, "templates.welcome"));
  EXPECT_FALSE(IsForAnotherGroup(Sample().source, "anyone"));
}

TEST(DeadLetterTest, AReplayThatDiesAgainIsAnotherLetter) {
  DeadLetter again = Sample();
  again.source = EncodeReplay(Sample());
  again.source.partition = 3;
  again.source.offset = 99;
  again.source.time = absl::FromUnixMillis(1'700'000'000'777);
  const Record record = EncodeDeadLetter(again, "dead");
  EXPECT_EQ(record.headers.Find("millrace-replay-group"), std::nullopt);
  EXPECT_EQ(record.headers.Find("millrace-dead-id"),
            "admin.audit/users.v1.events/3/99/1700000000777");
  EXPECT_EQ(std::count_if(record.headers.begin(), record.headers.end(),
                          [](const auto& header) {
                            return header.first == "millrace-dead-id";
                          }),
            1);
}

TEST(DeadLetterTest, AMarkerStandsForItsLetter) {
  DeadLetter letter = Sample();
  letter.id = "the id";
  const Record marker = EncodeReplayMarker(letter, "dead");
  EXPECT_EQ(marker.key, "u-1");
  EXPECT_EQ(ReplayedId(marker), "the id");
  const auto decoded = DecodeDeadLetter(marker);
  ASSERT_TRUE(decoded.ok());
  EXPECT_FALSE(decoded->has_value());
}

TEST(DeadLetterTest, TooLargeALetterLeavesItsValueBehind) {
  Record record = EncodeDeadLetter(Sample(), "dead");
  EXPECT_TRUE(Truncate(&record));
  EXPECT_EQ(record.headers.Find("millrace-dead-truncated"), "value 7");
  const auto decoded = DecodeDeadLetter(Written(record));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE((*decoded)->truncated);
  EXPECT_EQ((*decoded)->source.value, "");
  EXPECT_FALSE((*decoded)->source.has_value);
}

TEST(DeadLetterTest, WhatIsStillTooLargeLosesHeadersAndThenTheKey) {
  DeadLetter letter = Sample();
  letter.source.headers.Add("ce_subject", std::string(300, 's'));
  for (int i = 0; i < 100; ++i) {
    letter.source.headers.Add("ce_extra", std::string(92, 'x'));
  }
  Record record = EncodeDeadLetter(letter, "dead");
  ASSERT_TRUE(Truncate(&record));
  ASSERT_TRUE(Truncate(&record));
  EXPECT_EQ(record.headers.Find("ce_id"), "e-1");
  EXPECT_EQ(record.headers.Find("ce_subject"), std::nullopt);
  EXPECT_EQ(record.headers.Find("traceparent"), std::nullopt);
  EXPECT_LT(record.headers.bytes(), 6000u);
  EXPECT_EQ(record.key, "u-1");
  ASSERT_TRUE(Truncate(&record));
  EXPECT_EQ(record.key, "");
  EXPECT_EQ(record.headers.Find("millrace-dead-truncated"), "key 3");
  EXPECT_FALSE(Truncate(&record));
  const auto decoded = DecodeDeadLetter(Written(record));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE((*decoded)->truncated);
  EXPECT_EQ((*decoded)->errors.size(), 2u);
}

TEST(DeadLetterTest, RefusesOtherRecords) {
  EXPECT_EQ(DecodeDeadLetter(Sample().source).status().code(),
            absl::StatusCode::kDataLoss);
  Record record = EncodeDeadLetter(Sample(), "dead");
  record.headers.Add("millrace-dead-offset", "many");
  const absl::Status status = DecodeDeadLetter(record).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("many"));
}

}  // namespace
}  // namespace millrace::bus
