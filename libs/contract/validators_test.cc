// The validators that the contract compiler writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>

#include "contract/rules.h"
#include "golden/rules.millrace.h"

namespace millrace {
namespace {

using golden::Person;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kUuid[] = "018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a";

Person Good() {
  Person person;
  person.set_id(kUuid);
  person.set_colour(golden::COLOUR_RED);
  person.set_accepted(true);
  person.mutable_home()->set_street("s");
  person.add_tags("a");
  person.add_numbers(1);
  return person;
}

std::vector<std::string> Broken(const Person& person) {
  std::vector<std::string> texts;
  for (const auto& violation : Violations(rules::Validate<Person>(person))) {
    texts.push_back(violation.field + " " + violation.description);
  }
  return texts;
}

TEST(Validator, AGoodMessageIsOk) {
  EXPECT_TRUE(rules::Validate<Person>(Good()).ok())
      << rules::Validate<Person>(Good());
}

TEST(Validator, AllViolationsAreInOneError) {
  Person person;
  person.set_email("x");
  person.mutable_home();
  const absl::Status status = rules::Validate<Person>(person);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "id: must be set; email: must be an e-mail address; colour: must "
            "be set; accepted: must be set; home.street: must be set; tags: "
            "must be set; numbers: must have at least 1 elements, has 0");
}

TEST(Validator, ListedNumbersAreDecimal) {
  golden::Listed listed;
  listed.set_padded(10);
  listed.set_least(std::numeric_limits<int64_t>::min());
  listed.set_most(std::numeric_limits<uint32_t>::max());
  listed.add_all(std::numeric_limits<uint64_t>::max());
  EXPECT_TRUE(rules::Validate<golden::Listed>(listed).ok())
      << rules::Validate<golden::Listed>(listed);
  listed.set_padded(7);
  EXPECT_EQ(rules::Validate<golden::Listed>(listed).message(),
            "padded: must be one of 10, 8, 9, -2147483648");
}

TEST(Validator, EachRuleBitesAtItsPath) {
  const struct {
    std::function<void(Person&)> spoil;
    std::string violation;
  } cases[] = {
      {[](Person& p) { p.set_id("1"); }, "id must be a UUID"},
      {[](Person& p) { p.set_email(std::string(32, 'a') + "@b.co.uk.eu"); },
       "email must have at most 40 characters, has 43"},
      {[](Person& p) { p.set_nickname(""); },
       "nickname must have at least 2 characters, has 0"},
      {[](Person& p) { p.set_picture("\u00e9"); },
       "picture must have at least 4 bytes, has 2"},
      {[](Person& p) { p.set_picture("123456789"); },
       "picture must have at most 8 bytes, has 9"},
      {[](Person& p) { p.set_age(-1); }, "age must be at least 0, is -1"},
      {[](Person& p) { p.set_age(151); }, "age must be at most 150, is 151"},
      {[](Person& p) { p.set_ratio(0.25); },
       "ratio must be at least 0.5, is 0.25"},
      {[](Person& p) { p.set_shoe(40); }, "shoe must be one of 38, 39, -1"},
      {[](Person& p) { p.set_size("huge"); },
       "size must be one of small, large"},
      {[](Person& p) { p.set_colour(static_cast<golden::Colour>(7)); },
       "colour must be one of COLOUR_RED or COLOUR_GREEN"},
      {[](Person& p) { p.set_rank(Person::RANK_SECOND); },
       "rank must be one of RANK_FIRST"},
      {[](Person& p) { p.mutable_work(); }, "work.street must be set"},
      {[](Person& p) { p.mutable_home()->set_zip("12"); },
       "home.zip must match [0-9]{4,5}"},
      {[](Person& p) { p.add_others(); }, "others[0].street must be set"},
      {[](Person& p) { p.add_tags("a"); },
       "tags[1] must not repeat an earlier element"},
      {[](Person& p) { p.add_tags(""); },
       "tags[1] must have at least 1 characters, has 0"},
      {[](Person& p) { p.add_numbers(1); },
       "numbers[1] must not repeat an earlier element"},
      {[](Person& p) { p.add_numbers(10); },
       "numbers[1] must be at most 9, is 10"},
      {[](Person& p) { (*p.mutable_places())["x"]; },
       "places[\"x\"].street must be set"},
      {[](Person& p) { (*p.mutable_names())[-7] = "x"; },
       "names[\"-7\"] must be an e-mail address"},
      {[](Person& p) { p.set_phone("0"); }, "phone must match \\+[0-9]+"},
      {[](Person& p) { p.mutable_post(); }, "post.street must be set"},
      {[](Person& p) {
         *p.mutable_friend_() = Good();
         p.mutable_friend_()->set_age(-1);
       },
       "friend.age must be at least 0, is -1"},
  };
  for (const auto& c : cases) {
    Person person = Good();
    c.spoil(person);
    EXPECT_THAT(Broken(person), ElementsAre(c.violation));
  }
}

TEST(Validator, ListsAreBounded) {
  Person person = Good();
  for (int i = 0; i < 3; ++i) person.add_others()->set_street("s");
  EXPECT_THAT(Broken(person),
              ElementsAre("others must have at most 2 elements, has 3"));
}

TEST(Validator, WhatIsNotSetIsNotChecked) {
  Person person = Good();
  person.set_email("");
  person.set_size("");
  person.set_shoe(0);
  person.clear_work();
  EXPECT_THAT(Broken(person), IsEmpty());
}

TEST(Validator, ADeepChainIsWalked) {
  Person person = Good();
  Person* last = &person;
  for (int i = 0; i < 90; ++i) {
    last = last->mutable_friend_();
    *last = Good();
  }
  last->set_age(-1);
  const std::vector<std::string> broken = Broken(person);
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_EQ(broken[0].size(),
            90 * std::string("friend.").size() +
                std::string("age must be at least 0, is -1").size());
}

}  // namespace
}  // namespace millrace
