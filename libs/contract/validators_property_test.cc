// Generated validators find what a reader of the rules finds, in any message.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "contract/rules.h"
#include "contract/testing/random_message.h"
#include "contract/testing/reflection_rules.h"
#include "golden/rules.millrace.h"

namespace millrace {
namespace {

using golden::Person;

// In no order: maps have none.
std::vector<std::string> Texts(const rules::Found& found) {
  std::vector<std::string> texts;
  for (const auto& violation : Violations(found.ToStatus())) {
    texts.push_back(violation.field + " " + violation.description);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

// Compares the two; returns how many violations there are. As it comes from the
// wire: by reflection a map can have a key twice.
size_t Compare(const Person& made) {
  Person person;
  EXPECT_TRUE(person.ParseFromString(made.SerializeAsString()));
  rules::Found generated;
  Check(person, rules::Path(), generated);
  rules::Found reflected;
  rules::CheckByReflection(person, rules::Path(), reflected);
  EXPECT_EQ(generated.count(), reflected.count()) << person.ShortDebugString();
  // Of more than these only the first are named, which maps let differ.
  if (generated.count() <= rules::Found::kLimit) {
    EXPECT_EQ(Texts(generated), Texts(reflected)) << person.ShortDebugString();
  }
  return generated.count();
}

Person Good() {
  Person person;
  person.set_id("018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a");
  person.set_colour(golden::COLOUR_RED);
  person.set_accepted(true);
  person.mutable_home()->set_street("s");
  person.add_tags("a");
  person.add_numbers(1);
  return person;
}

TEST(ValidatorProperty, OfRandomMessages) {
  std::mt19937 random(1);
  for (int round = 0; round < 3'000; ++round) {
    Person person;
    Randomize(&random, 1 + round % 2, &person);
    Compare(person);
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

// Nearly good: one field of a good message is a random one's.
TEST(ValidatorProperty, OfMessagesWithOneRandomField) {
  std::mt19937 random(2);
  const auto* type = Person::descriptor();
  const auto* reflection = Person::GetReflection();
  size_t good = 0, bad = 0;
  for (int round = 0; round < 5'000; ++round) {
    Person other;
    Randomize(&random, 1, &other);
    Person person = Good();
    const auto* field =
        type->field(static_cast<int>(random() % type->field_count()));
    if (field->containing_oneof() == nullptr ||
        field->real_containing_oneof() == nullptr) {
      reflection->SwapFields(&person, &other, {field});
    } else {
      person.MergeFrom(other);
    }
    ++(Compare(person) == 0 ? good : bad);
    if (HasFailure()) FAIL() << "in round " << round;
  }
  // Both kinds were looked at.
  EXPECT_GT(good, 100);
  EXPECT_GT(bad, 100);
}

}  // namespace
}  // namespace millrace
