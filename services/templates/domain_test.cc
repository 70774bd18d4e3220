#include "services/templates/domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::templates {
namespace {

using ::testing::ElementsAre;

TEST(Domain, LocalesFallBackToTheLanguageAndThenToEnglish) {
  EXPECT_THAT(LocaleFallback("de-AT"), ElementsAre("de-AT", "de", "en"));
  EXPECT_THAT(LocaleFallback("zh-Hant-TW"),
              ElementsAre("zh-Hant-TW", "zh-Hant", "zh", "en"));
  EXPECT_THAT(LocaleFallback("en-GB"), ElementsAre("en-GB", "en"));
  EXPECT_THAT(LocaleFallback("en"), ElementsAre("en"));
  EXPECT_THAT(LocaleFallback(""), ElementsAre("en"));
}

TEST(Domain, TheFirstTouchIsTheCreation) {
  TemplateHead head = {.name = "hello", .locale = "en"};
  const absl::Time first = absl::FromUnixSeconds(1'700'000'000);
  Touch(first, head);
  Touch(first + absl::Seconds(5), head);
  EXPECT_EQ(head.create_time, first);
  EXPECT_EQ(head.update_time, first + absl::Seconds(5));
  EXPECT_EQ(EtagOf(head), "2");
  EXPECT_TRUE(CheckEtag(head, "").ok());
  EXPECT_TRUE(CheckEtag(head, "2").ok());
  EXPECT_EQ(CheckEtag(head, "1").code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace millrace::templates
