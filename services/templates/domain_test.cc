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

TEST(Domain, RendersForARecipient) {
  const TemplateVersion html = {.body = "Hi {{display_name}} ({{email}})"};
  const Recipient recipient = {.email = "a@b.org", .display_name = "A & B"};
  EXPECT_EQ(*Render(html, ToData(recipient)), "Hi A &amp; B (a@b.org)");
  TemplateVersion plain = html;
  plain.content_type = kPlain;
  EXPECT_EQ(*Render(plain, ToData(recipient)), "Hi A & B (a@b.org)");
}

TEST(Domain, ChecksABody) {
  EXPECT_TRUE(CheckBody("{{x}}", kHtml).ok());
  EXPECT_EQ(CheckBody("{{x", kHtml),
            absl::InvalidArgumentError(
                "template:1:1: the tag is never closed; add }}"));
}

}  // namespace
}  // namespace millrace::templates
