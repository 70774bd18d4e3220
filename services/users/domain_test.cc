#include "services/users/domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::users {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kLater = kNow + absl::Minutes(5);

Person Ada() {
  return NewPerson("id-1", "Ada@Example.org", "Ada Lovelace", "", kNow);
}

TEST(Domain, ANewPersonIsNormalized) {
  const Person ada = Ada();
  EXPECT_EQ(ada.email, "ada@example.org");
  EXPECT_EQ(ada.locale, "en");
  EXPECT_EQ(ada.revision, 1);
  EXPECT_EQ(ada.create_time, kNow);
  EXPECT_EQ(ada.update_time, kNow);
}

TEST(Domain, TimesAreWhatTheDatabaseKeeps) {
  const Person ada = NewPerson("id-1", "a@b.org", "Ada", "",
                               kNow + absl::Nanoseconds(1'234'567));
  EXPECT_EQ(ada.create_time, kNow + absl::Microseconds(1'234));
}

TEST(Domain, AChangeNamesWhatIsDifferent) {
  Person ada = Ada();
  EXPECT_THAT(Apply({.email = "ADA@example.org", .display_name = "Ada King"},
                    kLater, ada),
              ElementsAre("display_name"));
  EXPECT_EQ(ada.display_name, "Ada King");
  EXPECT_EQ(ada.revision, 2);
  EXPECT_EQ(ada.update_time, kLater);
}

TEST(Domain, AChangeToTheSameChangesNothing) {
  Person ada = Ada();
  EXPECT_THAT(Apply({.locale = "en"}, kLater, ada), IsEmpty());
  EXPECT_EQ(ada, Ada());
}

TEST(Domain, AnEtagGuardsAgainstLostUpdates) {
  Person ada = Ada();
  const std::string read = EtagOf(ada);
  EXPECT_TRUE(CheckEtag(ada, read).ok());
  EXPECT_TRUE(CheckEtag(ada, "").ok());
  Apply({.locale = "fr"}, kLater, ada);
  EXPECT_EQ(CheckEtag(ada, read),
            absl::AbortedError("user id-1 has changed since it was read (etag "
                               "1, now 2); read it again and repeat"));
}

}  // namespace
}  // namespace millrace::users
