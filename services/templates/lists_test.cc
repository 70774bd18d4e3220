// Listing, comparing and reading, on each database.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "contract/page_token.h"
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Names(const v1::ListTemplatesResponse& page) {
  std::vector<std::string> names;
  for (const v1::TemplateSummary& one : page.templates()) {
    names.push_back(StrCat(one.name(), "/", one.locale()));
  }
  return names;
}

TEST_P(TemplatesSuite, ListsByNameLocaleAndState) {
  for (const char* name : {"mail.welcome", "mail.bye", "page.start"}) {
    Put("en", "x", name);
    Put("de", "x", name);
  }
  ASSERT_TRUE(Archive("de", "mail.bye").ok());
  ASSERT_TRUE(Archive("de", "page.start").ok());
  ASSERT_TRUE(Erase("de", "page.start").ok());
  const auto list = [this](const v1::ListTemplatesRequest& request) {
    return Names(*Await(rpc_.ListTemplates(call_, request)));
  };
  v1::ListTemplatesRequest request;
  EXPECT_THAT(list(request), ElementsAre("mail.bye/en", "mail.welcome/de",
                                         "mail.welcome/en", "page.start/en"));
  request.set_prefix("mail.");
  EXPECT_THAT(list(request),
              ElementsAre("mail.bye/en", "mail.welcome/de", "mail.welcome/en"));
  request.set_locale("de");
  EXPECT_THAT(list(request), ElementsAre("mail.welcome/de"));
  request.set_archived(true);
  EXPECT_THAT(list(request), ElementsAre("mail.bye/de"));
  request.clear_locale();
  request.clear_prefix();
  EXPECT_THAT(list(request), ElementsAre("mail.bye/de"));
  request.set_prefix("mail%");
  EXPECT_THAT(list(request), IsEmpty());
}

TEST_P(TemplatesSuite, OthersTokensAreRefused) {
  for (const char* key : {"hello", "/", "/en", "hello/"}) {
    v1::ListTemplatesRequest request;
    request.set_page_token(WritePageToken(key));
    EXPECT_EQ(Await(rpc_.ListTemplates(call_, request)).status().code(),
              StatusCode::kInvalidArgument)
        << key;
  }
}

// What is there from the first page to the last is on exactly one.
TEST_P(TemplatesSuite, PagesSurviveWrites) {
  std::mt19937 random(7);
  const auto pick = [&](size_t n) { return random() % n; };
  std::set<std::pair<std::string, std::string>> present;
  const auto add = [&] {
    const std::string name = StrCat("t", pick(500));
    const std::string locale = pick(2) == 0 ? "de" : "en";
    if (present.emplace(name, locale).second) Put(locale, "x", name);
  };
  const auto remove = [&](auto& throughout) {
    const auto victim = *std::next(present.begin(), pick(present.size()));
    EXPECT_TRUE(Archive(victim.second, victim.first).ok());
    EXPECT_TRUE(Erase(victim.second, victim.first).ok());
    throughout.erase(victim);
    present.erase(victim);
  };
  for (int i = 0; i < 40; ++i) add();
  for (int round = 0; round < 6; ++round) {
    auto throughout = present;
    v1::ListTemplatesRequest request;
    request.set_page_size(1 + static_cast<int>(pick(9)));
    if (round % 2 == 1) request.set_locale("de");
    std::map<std::pair<std::string, std::string>, int> seen;
    do {
      const auto page = Await(rpc_.ListTemplates(call_, request));
      ASSERT_TRUE(page.ok()) << page.status();
      for (const v1::TemplateSummary& one : page->templates()) {
        ++seen[{one.name(), one.locale()}];
      }
      request.set_page_token(page->next_page_token());
      add();
      remove(throughout);
    } while (!request.page_token().empty());
    for (const auto& one : throughout) {
      const bool asked = round % 2 == 0 || one.second == "de";
      EXPECT_EQ(seen[one], asked ? 1 : 0) << one.first << "/" << one.second;
    }
    for (const auto& [one, times] : seen) {
      EXPECT_LE(times, 1) << one.first << "/" << one.second;
    }
  }
}

TEST_P(TemplatesSuite, ListsVersionsWithoutBodies) {
  for (int i = 0; i < 5; ++i) Put("en", StrCat("body ", i));
  auto request = For<v1::ListVersionsRequest>("hello", "en");
  request.set_page_size(2);
  std::vector<int64_t> numbers;
  do {
    const auto page = Await(rpc_.ListVersions(call_, request));
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Template& version : page->versions()) {
      numbers.push_back(version.version());
      EXPECT_EQ(version.body(), "");
      EXPECT_EQ(version.etag(), "5");
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(numbers, ElementsAre(5, 4, 3, 2, 1));
  EXPECT_EQ(Await(rpc_.ListVersions(call_,
                                    For<v1::ListVersionsRequest>("none", "en")))
                .status()
                .code(),
            StatusCode::kNotFound);
}

TEST_P(TemplatesSuite, TellsWhatDiffers) {
  ASSERT_TRUE(Publish(Put("en", "one\ntwo\nthree\n")).ok());
  Put("en", "one\n2\nthree\n");
  Put("en", "zero\none\n2\nthree\n");
  auto request = For<v1::DiffTemplateRequest>("hello", "en");
  request.set_context_lines(1);
  // From what is published to the newest.
  const auto diff = Await(rpc_.DiffTemplate(call_, request));
  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_EQ(diff->from().version(), 1);
  EXPECT_EQ(diff->to().version(), 3);
  EXPECT_EQ(diff->to().body(), "");
  std::string text;
  for (const v1::DiffHunk& hunk : diff->hunks()) {
    StrAppend(&text, "@", hunk.from_line(), ",", hunk.to_line(), "\n");
    for (const v1::DiffLine& line : hunk.lines()) {
      StrAppend(&text,
                line.kind() == v1::DIFF_KIND_ADDED     ? "+"
                : line.kind() == v1::DIFF_KIND_REMOVED ? "-"
                                                       : " ",
                line.text(), "\n");
    }
  }
  EXPECT_EQ(text, "@1,1\n+zero\n one\n-two\n+2\n three\n");
  request.set_from_version(2);
  request.set_to_version(2);
  EXPECT_EQ(Await(rpc_.DiffTemplate(call_, request))->hunks_size(), 0);
  request.set_to_version(9);
  EXPECT_EQ(Await(rpc_.DiffTemplate(call_, request)).status(),
            absl::NotFoundError("template 'hello' in 'en' has no version 9"));
}

TEST_P(TemplatesSuite, GetsThePublishedVersionOrOneByNumber) {
  const v1::Template one = Put("en", "one");
  auto request = For<v1::GetTemplateRequest>("hello", "en");
  EXPECT_EQ(Await(rpc_.GetTemplate(call_, request)).status().code(),
            StatusCode::kNotFound);
  ASSERT_TRUE(Publish(one).ok());
  Put("en", "two");
  EXPECT_EQ(Await(rpc_.GetTemplate(call_, request))->body(), "one");
  request.set_version(2);
  EXPECT_EQ(Await(rpc_.GetTemplate(call_, request))->body(), "two");
}

}  // namespace
}  // namespace millrace::templates
