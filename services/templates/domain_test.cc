#include "services/templates/domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/templates/compiled.h"

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

TemplateVersion With(const std::string& body, const std::string& type) {
  TemplateVersion version;
  version.content_type = type;
  version.body = body;
  return version;
}

TEST(Compiled, RendersForARecipient) {
  const Recipient recipient = {.email = "a@b.org", .display_name = "A & B"};
  const std::string body = "Hi {{display_name}} ({{email}})";
  const auto html = CompiledTemplate::Compile(With(body, kHtml));
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_EQ(*html->Render(ToData(recipient)), "Hi A &amp; B (a@b.org)");
  EXPECT_EQ(html->version().body, "");
  EXPECT_EQ(html->bytes(), body.size());
  const auto plain = CompiledTemplate::Compile(With(body, kPlain));
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(*plain->Render(ToData(recipient)), "Hi A & B (a@b.org)");
}

TEST(Compiled, ChecksABody) {
  EXPECT_EQ(CompiledTemplate::Compile(With("{{x", kHtml)).status().code(),
            absl::StatusCode::kInvalidArgument);
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
