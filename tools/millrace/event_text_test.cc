#include "tools/millrace/event_text.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "contract/time.h"

namespace millrace::cli {
namespace {

v1::Envelope Said() {
  v1::Envelope event;
  event.set_id("e-1");
  event.set_type("a.v1.Events.Said");
  event.set_source("/a");
  event.set_key("k");
  event.set_traceparent(
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  SetTimestamp(absl::FromUnixMillis(1'700'000'000'123), event.mutable_time());
  google::protobuf::StringValue payload;
  payload.set_value("hello");
  event.mutable_proto_data()->PackFrom(payload);
  return event;
}

TEST(EventTextTest, AnEventIsALine) {
  EXPECT_EQ(EventLine(Said()),
            "2023-11-14T22:13:20.123Z  a.v1.Events.Said  key=k  source=/a  "
            "trace=4bf92f3577b34da6a3ce929d0e0e4736  id=e-1  \"hello\"");
}

TEST(EventTextTest, WhatOthersWroteIsNotObeyedByATerminal) {
  v1::Envelope event = Said();
  event.set_key("k\x1b[2J\nforged");
  event.set_source(
      "/a\xc2\x9b"
      "31m\x7f");
  (*event.mutable_extensions())["actor"] =
      "\x07"
      "ada";
  const std::string key = "k\\x1b[2J\\nforged";
  EXPECT_EQ(EventLine(event).find('\n'), std::string::npos);
  EXPECT_NE(EventLine(event).find("key=" + key +
                                  "  source=/a\\xc2\\x9b"
                                  "31m"
                                  "\\x7f  "),
            std::string::npos)
      << EventLine(event);
  v1::DeadLetter letter;
  *letter.mutable_event() = event;
  letter.set_reason("no\x1b]0;title\x07\xc3\xa9");
  EXPECT_TRUE(LetterLine(letter).ends_with("no\\x1b]0;title\\x07\xc3\xa9"))
      << LetterLine(letter);
  for (const std::string& part :
       {"\nkey          " + key + "\n",
        std::string("\nwith         actor="
                    "\\x07"
                    "ada\n"),
        std::string("no\\x1b]0;title\\x07\xc3\xa9\n")}) {
    EXPECT_NE(LetterText(letter).find(part), std::string::npos)
        << LetterText(letter);
  }
}

TEST(EventTextTest, APayloadOfAnUnknownTypeIsShownAsBytes) {
  v1::Envelope event = Said();
  event.set_binary_data(std::string("\x01z", 2));
  EXPECT_TRUE(EventLine(event).ends_with(
      "  2 bytes that are not understood here: \\x01z"))
      << EventLine(event);
  event.set_binary_data(std::string(1000, 'z'));
  EXPECT_TRUE(EventLine(event).ends_with(std::string(64, 'z') + "..."));
}

TEST(EventTextTest, ALetterSaysEverything) {
  v1::DeadLetter letter;
  letter.set_id("g/t/3/41");
  *letter.mutable_event() = Said();
  (*letter.mutable_event()->mutable_extensions())["actor"] = "user:ada";
  letter.set_group("g");
  letter.set_topic("t");
  letter.set_partition(3);
  letter.set_offset(41);
  letter.set_code(13);
  letter.set_reason("no such table");
  letter.set_attempts(2);
  SetTimestamp(absl::FromUnixMillis(1'700'000'002'000),
               letter.mutable_dead_time());
  v1::AttemptError& error = *letter.add_errors();
  error.set_attempt(1);
  error.set_code(14);
  error.set_message("away");
  SetTimestamp(absl::FromUnixMillis(1'700'000'001'000), error.mutable_time());
  EXPECT_EQ(LetterText(letter),
            "letter       g/t/3/41\n"
            "group        g\n"
            "record       t partition 3 offset 41\n"
            "given up     2023-11-14T22:13:22.000Z after 2 attempts\n"
            "replayed     no\n"
            "reason       INTERNAL: no such table\n"
            "attempt 1    2023-11-14T22:13:21.000Z  UNAVAILABLE: away\n"
            "event        a.v1.Events.Said\n"
            "id           e-1\n"
            "key          k\n"
            "source       /a\n"
            "time         2023-11-14T22:13:20.123Z\n"
            "trace        4bf92f3577b34da6a3ce929d0e0e4736\n"
            "with         actor=user:ada\n"
            "payload      \"hello\"\n");
  EXPECT_EQ(LetterLine(letter),
            "g/t/3/41  2023-11-14T22:13:22.000Z  a.v1.Events.Said  key=k  "
            "after 2 attempts  INTERNAL: no such table");
}

}  // namespace
}  // namespace millrace::cli
