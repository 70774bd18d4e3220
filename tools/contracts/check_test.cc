// Every finding, and that what lets in more, or keeps longer, is none.
#include "tools/contracts/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::contracts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kFile[] = R"(syntax = "proto3";
package t.v1;
import "google/protobuf/empty.proto";
import "millrace/v1/contract.proto";

service ThingEvents {
  option (millrace.v1.emitter) = {
    topic: "t.v1.events"
    partitions: 4
    retention: "2d"
    retry: {max_attempts: 4 initial_backoff: "1s" max_backoff: "4s"}
    dead_letter_topic: "t.v1.letters"
  };
  rpc Built(Made) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
  rpc Lost(Made) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}

service OtherEvents {
  option (millrace.v1.emitter) = {topic: "t.v1.others"};
  rpc Seen(Made) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}

service Things {
  rpc Get(Request) returns (Made) {
    option (millrace.v1.access) = {ACCESS};
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}

message Made {
  string id = 1;
  string owner = 2;
}

message Request {
  string text = 1 [(millrace.v1.rules) = {RULES}];
  optional string present = 2 [(millrace.v1.rules) = {PRESENT}];
  int32 number = 3 [(millrace.v1.rules) = {NUMBER}];
  uint32 natural = 4 [(millrace.v1.rules) = {NATURAL}];
  repeated string list = 5 [(millrace.v1.rules) = {LIST}];
  string secret = 6 [(millrace.v1.sensitive) = true];
  Inner inner = 7;
}

message Inner {
  string deep = 1 [(millrace.v1.rules) = {DEEP}];
}

message Answer {
  string shown = 1 [(millrace.v1.rules) = {SHOWN}];
}
)";

constexpr const char* kPlaces[] = {"RULES", "PRESENT", "NUMBER", "NATURAL",
                                   "LIST",  "DEEP",    "SHOWN",  "ACCESS"};

// Texts to replace in the file; what is left of the places is nothing.
using Changes = std::vector<std::pair<std::string, std::string>>;

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    std::string name = testing::TempDir() + "check_XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~CheckTest() override { std::filesystem::remove_all(root_); }

  ContractTree::Ptr Tree(const Changes& changes) {
    std::string text = kFile;
    for (const auto& [from, to] : changes) {
      EXPECT_NE(text.find(from), text.npos) << from;
      text = absl::StrReplaceAll(text, {{from, to}});
    }
    for (const char* place : kPlaces) {
      text = absl::StrReplaceAll(text, {{StrCat("{", place, "}"), "{}"}});
    }
    const std::string folder = StrCat(root_, "/", count_++);
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/t.proto") << text;
    return ValueOrThrow(ContractTree::FromFolder(folder));
  }

  std::vector<Finding> Found(const Changes& before, const Changes& after) {
    return Compare(*Tree(before), *Tree(after));
  }

  // "NAME subject: what" of each.
  std::vector<std::string> Names(const Changes& before, const Changes& after) {
    std::vector<std::string> names;
    for (const Finding& finding : Found(before, after)) {
      EXPECT_FALSE(finding.why.empty());
      EXPECT_FALSE(finding.fix.empty());
      EXPECT_THAT(finding.place, HasSubstr("t.proto:"));
      names.push_back(
          StrCat(finding.name, " ", finding.subject, ": ", finding.what));
    }
    return names;
  }

  // What changing the rules of a place from one to another finds, and that
  // the way back finds nothing.
  std::string Narrowing(const std::string& place, const std::string& wide,
                        const std::string& narrow) {
    const Changes before = {{"{" + place + "}", "{" + wide + "}"}};
    const Changes after = {{"{" + place + "}", "{" + narrow + "}"}};
    EXPECT_THAT(Names(after, before), IsEmpty()) << narrow << " to " << wide;
    const std::vector<std::string> found = Names(before, after);
    return found.empty() ? "" : found[0];
  }

  std::string root_;
  int count_ = 0;
};

TEST_F(CheckTest, NothingChangedNothingFound) {
  EXPECT_THAT(Found({}, {}), IsEmpty());
}

TEST_F(CheckTest, SaysWhereWhatWhyAndWhatToDo) {
  const auto found =
      Found({}, {{"Lost(Made) returns (google.protobuf.Empty) {\n"
                  "    option (millrace.v1.event) = {key: \"id\"}",
                  "Lost(Made) returns (google.protobuf.Empty) {\n"
                  "    option (millrace.v1.event) = {key: "
                  "\"owner\"}"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(FindingsText(found),
            "t.proto:18:5: KEY_CHANGED: t.v1.ThingEvents.Lost: the key is "
            "owner, was id\n"
            "  why: order is kept per key: events that were handled one after "
            "the other are now handled side by side, and those under the old "
            "key with no order to those under the new one\n"
            "  fix: keep the key; or add another event that has the new key\n"
            "  meant so: --allow KEY_CHANGED=t.v1.ThingEvents.Lost\n");
}

TEST_F(CheckTest, Topics) {
  EXPECT_THAT(Names({}, {{"\"t.v1.events\"", "\"t.v1.new\""}}),
              ElementsAre("TOPIC_CHANGED t.v1.ThingEvents: the topic is "
                          "t.v1.new, was t.v1.events"));
  EXPECT_THAT(Names({}, {{"t.v1.letters", "t.v1.waste"}}),
              ElementsAre("DEAD_LETTER_TOPIC_CHANGED t.v1.ThingEvents: dead "
                          "letters go to t.v1.waste, went to t.v1.letters"));
  // The default written out is no change.
  EXPECT_THAT(Names({}, {{"\"t.v1.others\"",
                          "\"t.v1.others\" dead_letter_topic: "
                          "\"t.v1.others.dead\" partitions: 8"}}),
              IsEmpty());
}

TEST_F(CheckTest, PartitionsEitherWay) {
  EXPECT_THAT(Names({}, {{"partitions: 4", "partitions: 3"}}),
              ElementsAre("PARTITIONS_REDUCED t.v1.ThingEvents: the topic has "
                          "3 partitions, had 4"));
  EXPECT_THAT(Names({}, {{"partitions: 4", ""}}),
              ElementsAre("PARTITIONS_ADDED t.v1.ThingEvents: the topic has "
                          "8 partitions, had 4"));
}

TEST_F(CheckTest, RetentionOnlyWhenShorter) {
  EXPECT_THAT(Names({}, {{"2d", "47h"}}),
              ElementsAre("RETENTION_SHORTENED t.v1.ThingEvents: events are "
                          "kept 47h, were kept 2d"));
  EXPECT_THAT(Names({}, {{"2d", "49h"}}), IsEmpty());
  EXPECT_THAT(Names({}, {{"2d", "48h"}}), IsEmpty());
}

TEST_F(CheckTest, RetryOnlyWhenWeaker) {
  const std::string weaker =
      "RETRY_WEAKENED t.v1.ThingEvents: 3 attempts within 3s, were 4 attempts "
      "within 7s";
  EXPECT_THAT(Names({}, {{"max_attempts: 4", "max_attempts: 3"}}),
              ElementsAre(weaker));
  EXPECT_EQ(
      Names({}, {{"initial_backoff: \"1s\"", "initial_backoff: \"10ms\""}})
          .size(),
      1u);
  EXPECT_EQ(Names({}, {{"max_backoff: \"4s\"", "max_backoff: \"2s\""}}).size(),
            1u);
  EXPECT_EQ(Names({}, {{"max_backoff: \"4s\"",
                        "max_backoff: \"4s\" multiplier: 1.5"}})
                .size(),
            1u);
  EXPECT_THAT(Names({}, {{"max_attempts: 4", "max_attempts: 5"}}), IsEmpty());
  EXPECT_THAT(Names({}, {{"max_backoff: \"4s\"", ""}}), IsEmpty());
}

TEST_F(CheckTest, WhatIsRemovedHasItsPlaceInTheBaseline) {
  const std::string lost = R"(  rpc Lost(Made) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
)";
  auto found = Found({}, {{lost, ""}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "EVENT_REMOVED");
  EXPECT_EQ(found[0].subject, "t.v1.ThingEvents.Lost");
  EXPECT_TRUE(found[0].in_baseline);
  EXPECT_EQ(found[0].place, "t.proto:17:3");
  EXPECT_THAT(Names({{lost, ""}}, {}), IsEmpty());

  found = Found({}, {{"service OtherEvents", "service RenamedEvents"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "CONTRACT_REMOVED");
  EXPECT_EQ(found[0].subject, "t.v1.OtherEvents");
  EXPECT_TRUE(found[0].in_baseline);
}

TEST_F(CheckTest, Payload) {
  EXPECT_THAT(
      Names({}, {{"Seen(Made)", "Seen(Answer)"},
                 {"message Answer {", "message Answer {string id = 2;"}}),
      ElementsAre("PAYLOAD_CHANGED t.v1.OtherEvents.Seen: the payload "
                  "is t.v1.Answer, was t.v1.Made"));
}

TEST_F(CheckTest, Idempotency) {
  const Changes without = {{"option idempotency_level = NO_SIDE_EFFECTS;", ""}};
  EXPECT_THAT(Names({}, without),
              ElementsAre("IDEMPOTENCY_REMOVED t.v1.Things.Get: it may have "
                          "side effects, had none"));
  EXPECT_THAT(Names(without, {}), IsEmpty());
}

TEST_F(CheckTest, Sensitive) {
  const Changes without = {{"[(millrace.v1.sensitive) = true]", ""}};
  EXPECT_THAT(Names({}, without),
              ElementsAre("SENSITIVE_REMOVED t.v1.Request.secret: it is no "
                          "longer sensitive"));
  EXPECT_THAT(
      Names(without, {}),
      ElementsAre("SENSITIVE_ADDED t.v1.Request.secret: it is sensitive "
                  "now"));
}

TEST_F(CheckTest, Personal) {
  const Changes with = {
      {"package t.v1;", "package t.v1;import \"millrace/v1/privacy.proto\";"},
      {"(millrace.v1.sensitive) = true", "(millrace.v1.personal) = true"}};
  EXPECT_THAT(Names(with, {}),
              testing::Contains(HasSubstr("PERSONAL_REMOVED")));
}

TEST_F(CheckTest, Access) {
  const auto access = [](const std::string& text) {
    return Changes{{"ACCESS", text}};
  };
  // From the widest to the narrowest.
  const std::vector<std::string> ways = {
      "anybody: true", "authenticated: true",
      "permission: \"t.things.read\" self: \"text\"",
      "permission: \"t.things.read\""};
  for (size_t before = 0; before < ways.size(); ++before) {
    for (size_t after = 0; after < ways.size(); ++after) {
      EXPECT_EQ(Names(access(ways[before]), access(ways[after])).size(),
                after > before ? 1 : 0)
          << ways[before] << " -> " << ways[after];
    }
  }
  EXPECT_THAT(Names(access(ways[2]), access("permission: \"t.all.read\"")),
              ElementsAre("ACCESS_NARROWED t.v1.Things.Get: it is for "
                          "'t.all.read', was for 't.things.read or self "
                          "(text)'"));
  EXPECT_EQ(Names(access(ways[2]), access("self: \"text\"")).size(), 1u);
  // Before there was the option nobody was promised anything.
  EXPECT_THAT(Names(access(""), access(ways[3])), IsEmpty());
}

TEST_F(CheckTest, RequiredFields) {
  const Changes required = {
      {"Inner inner = 7;",
       "Inner inner = 7; string more = 8 [(millrace.v1.rules) = {required: "
       "true}];"}};
  EXPECT_THAT(Names({}, required),
              ElementsAre("REQUIRED_FIELD_ADDED t.v1.Request.more: it is new, "
                          "and required"));
  const Changes items = {
      {"Inner inner = 7;",
       "Inner inner = 7; repeated string more = 8 [(millrace.v1.rules) = "
       "{min_items: 1}];"}};
  EXPECT_EQ(Names({}, items).size(), 1u);
  EXPECT_THAT(Names({}, {{"Inner inner = 7;",
                          "Inner inner = 7; string more = 8 "
                          "[(millrace.v1.rules) = {uuid: true}];"}}),
              IsEmpty());
}

TEST_F(CheckTest, EachRuleWhenNarrower) {
  const std::string text = "RULE_NARROWED t.v1.Request.text: ";
  EXPECT_EQ(Narrowing("RULES", "", "required: true"),
            text + "it is required, was not");
  EXPECT_EQ(Narrowing("RULES", "", "min_len: 2"),
            text + "min_len is 2, was none");
  EXPECT_EQ(Narrowing("RULES", "min_len: 2", "min_len: 3"),
            text + "min_len is 3, was 2");
  EXPECT_EQ(Narrowing("RULES", "", "max_len: 2"),
            text + "max_len is 2, was none");
  EXPECT_EQ(Narrowing("RULES", "max_len: 3", "max_len: 2"),
            text + "max_len is 2, was 3");
  EXPECT_EQ(Narrowing("RULES", "", "pattern: \"a+\""),
            text + "pattern is a+, was none");
  EXPECT_EQ(Narrowing("RULES", "", "email: true"),
            text + "it is email, was not");
  EXPECT_EQ(Narrowing("RULES", "", "uuid: true"), text + "it is uuid, was not");
  EXPECT_EQ(Narrowing("RULES", "", "in: [\"a\"]"),
            text + "in lists what is allowed, was none");
  EXPECT_EQ(Narrowing("RULES", "in: [\"a\", \"b\", \"c\"]", "in: [\"b\"]"),
            text + "in no longer lists a, c");
  const std::string number = "RULE_NARROWED t.v1.Request.number: ";
  EXPECT_EQ(Narrowing("NUMBER", "", "gte: 0"), number + "gte is 0, was none");
  EXPECT_EQ(Narrowing("NUMBER", "gte: 1", "gte: 2"),
            number + "gte is 2, was 1");
  EXPECT_EQ(Narrowing("NUMBER", "", "lte: 9"), number + "lte is 9, was none");
  EXPECT_EQ(Narrowing("NUMBER", "lte: 9", "lte: 8"),
            number + "lte is 8, was 9");
  const std::string list = "RULE_NARROWED t.v1.Request.list: ";
  EXPECT_EQ(Narrowing("LIST", "", "min_items: 1"),
            list + "min_items is 1, was none");
  EXPECT_EQ(Narrowing("LIST", "", "required: true"),
            list + "min_items is 1, was none");
  EXPECT_EQ(Narrowing("LIST", "min_items: 1", "min_items: 2"),
            list + "min_items is 2, was 1");
  EXPECT_EQ(Narrowing("LIST", "max_items: 2", "max_items: 1"),
            list + "max_items is 1, was 2");
  EXPECT_EQ(Narrowing("LIST", "", "unique: true"),
            list + "it is unique, was not");
  EXPECT_EQ(Narrowing("LIST", "", "min_len: 1"),
            list + "min_len is 1, was none");
  EXPECT_EQ(Narrowing("PRESENT", "", "min_len: 1"),
            "RULE_NARROWED t.v1.Request.present: min_len is 1, was none");
  EXPECT_EQ(Narrowing("DEEP", "", "max_len: 1"),
            "RULE_NARROWED t.v1.Inner.deep: max_len is 1, was none");
}

TEST_F(CheckTest, RulesThatRefuseNothingAreNone) {
  EXPECT_EQ(Narrowing("RULES", "", "min_len: 1"), "");
  EXPECT_EQ(Narrowing("NATURAL", "", "gte: 0"), "");
  EXPECT_EQ(Narrowing("LIST", "", "min_items: 0"), "");
  EXPECT_EQ(Narrowing("LIST", "required: true", "min_items: 1"), "");
  // Its rules are never checked: no request has it.
  EXPECT_EQ(Narrowing("SHOWN", "", "max_len: 1"), "");
}

TEST_F(CheckTest, AnotherPatternIsTakenForNarrower) {
  const Changes one = {{"{RULES}", "{pattern: \"a\"}"}};
  const Changes other = {{"{RULES}", "{pattern: \"b\"}"}};
  EXPECT_EQ(Names(one, other).size(), 1u);
  EXPECT_EQ(Names(other, one).size(), 1u);
}

TEST_F(CheckTest, WaiversAllowWhatTheyName) {
  auto found = Found(
      {}, {{"partitions: 4", "partitions: 5"}, {"t.v1.letters", "t.v1.waste"}});
  ASSERT_EQ(found.size(), 2u);
  std::vector<Waiver> waivers = {
      ValueOrThrow(Waiver::Parse("PARTITIONS_ADDED=t.v1.ThingEvents")),
      ValueOrThrow(Waiver::Parse("KEY_CHANGED=t.v1.ThingEvents"))};
  Allow(&waivers, &found);
  EXPECT_TRUE(waivers[0].used);
  EXPECT_FALSE(waivers[1].used);
  for (const Finding& finding : found) {
    EXPECT_EQ(finding.allowed, finding.name == "PARTITIONS_ADDED");
  }
}

TEST_F(CheckTest, WaiversAreRead) {
  EXPECT_FALSE(Waiver::Parse("KEY_CHANGED").ok());
  EXPECT_FALSE(Waiver::Parse("KEY_CHANGED=").ok());
  EXPECT_THAT(MessageOf(Waiver::Parse("KEY_CHANGE=a").status()),
              HasSubstr("did you mean 'KEY_CHANGED'?"));
}

}  // namespace
}  // namespace millrace::contracts
