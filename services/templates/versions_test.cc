// Drafts, publishing, archiving and erasing, on each database.
#include <algorithm>

#include "loop/combinators.h"
#include "services/templates/store.h"
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_P(TemplatesSuite, ADraftIsNotRenderedUntilItIsPublished) {
  const v1::Template draft = Put("en", "Hi {{display_name}}");
  EXPECT_EQ(draft.version(), 1);
  EXPECT_EQ(draft.state(), v1::TEMPLATE_STATE_DRAFT);
  EXPECT_EQ(RenderFor("en").status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(Publish(draft).ok());
  const auto rendered = RenderFor("en");
  ASSERT_TRUE(rendered.ok()) << rendered.status();
  EXPECT_EQ(rendered->body(), "Hi Ada &lt;3");
  EXPECT_EQ(rendered->content_type(), "text/html");
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "Published"));
}

TEST_P(TemplatesSuite, PublishingAnOlderVersionFallsBackToIt) {
  const v1::Template first = Put("de", "eins");
  const v1::Template second = Put("de", "zwei");
  EXPECT_EQ(second.version(), 2);
  ASSERT_TRUE(Publish(first).ok());
  ASSERT_TRUE(Publish(second).ok());
  EXPECT_EQ(RenderFor("de-AT")->body(), "zwei");
  const auto back = Publish(first);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->state(), v1::TEMPLATE_STATE_PUBLISHED);
  EXPECT_EQ(RenderFor("de")->body(), "eins");
  // Publishing what is published tells nobody anything.
  ASSERT_TRUE(Publish(first).ok());
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "DraftAdded", "Published",
                                     "Published", "Published"));
}

TEST_P(TemplatesSuite, RollsBackStepByStepPastWhatWasNeverPublished) {
  const v1::Template one = Put("en", "one");
  const v1::Template two = Put("en", "two");
  Put("en", "three");
  const v1::Template four = Put("en", "four");
  EXPECT_EQ(RollBack("en").status().code(), StatusCode::kFailedPrecondition);
  for (const v1::Template& version : {one, two, four}) {
    ASSERT_TRUE(Publish(version).ok());
  }
  EXPECT_EQ(RollBack("en")->version(), 2);
  EXPECT_EQ(RenderFor("en")->body(), "two");
  EXPECT_EQ(RollBack("en")->version(), 1);
  EXPECT_EQ(RenderFor("en")->body(), "one");
  EXPECT_EQ(RollBack("en").status(),
            absl::FailedPreconditionError("template 'hello' in 'en' has no "
                                          "version below 1 that was "
                                          "published"));
  EXPECT_EQ(RollBack("de").status().code(), StatusCode::kNotFound);
}

TEST_P(TemplatesSuite, ADraftCanBeChangedAndThrownAway) {
  const v1::Template draft = Put("en", "one");
  auto update = For<v1::UpdateDraftRequest>(draft);
  update.set_body("two");
  update.set_content_type("text/plain");
  const auto changed = Await(rpc_.UpdateDraft(call_, update));
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->body(), "two");
  EXPECT_EQ(changed->content_type(), "text/plain");
  EXPECT_NE(changed->etag(), draft.etag());
  // The same again is no change, and an unset content type none either.
  update.clear_content_type();
  EXPECT_EQ(Await(rpc_.UpdateDraft(call_, update))->etag(), changed->etag());

  const auto remove = For<v1::DeleteDraftRequest>(draft);
  ASSERT_TRUE(Await(rpc_.DeleteDraft(call_, remove)).ok());
  EXPECT_EQ(Await(rpc_.DeleteDraft(call_, remove)).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(Put("en", "three").version(), 2);  // no number is given twice
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "DraftUpdated",
                                     "DraftDeleted", "DraftAdded"));
}

TEST_P(TemplatesSuite, WhatWasPublishedStaysAsItIs) {
  const v1::Template one = Put("en", "one");
  const v1::Template two = Put("en", "two");
  ASSERT_TRUE(Publish(one).ok());
  ASSERT_TRUE(Publish(two).ok());
  for (const v1::Template& version : {one, two}) {
    auto update = For<v1::UpdateDraftRequest>(version);
    update.set_body("other");
    EXPECT_EQ(Await(rpc_.UpdateDraft(call_, update)).status().code(),
              StatusCode::kFailedPrecondition);
    EXPECT_EQ(
        Await(rpc_.DeleteDraft(call_, For<v1::DeleteDraftRequest>(version)))
            .status()
            .code(),
        StatusCode::kFailedPrecondition);
  }
}

TEST_P(TemplatesSuite, AnEtagGuardsAgainstWhatOthersDid) {
  const v1::Template draft = Put("en", "one");
  ASSERT_TRUE(TryPut("en", "two", draft.etag()).ok());
  const auto late = TryPut("en", "three", draft.etag());
  EXPECT_EQ(late.status(),
            absl::AbortedError("template 'hello' in 'en' has changed since it "
                               "was read (etag 1, now 2); read it again and "
                               "repeat"));
  EXPECT_EQ(Publish(draft, draft.etag()).status().code(), StatusCode::kAborted);
  const auto now =
      Await(rpc_.GetTemplate(call_, For<v1::GetTemplateRequest>(draft)));
  EXPECT_TRUE(Publish(draft, now->etag()).ok());
  EXPECT_EQ(TryPut("fr", "un", "1").status().code(), StatusCode::kNotFound);
}

TEST_P(TemplatesSuite, ConcurrentPutsGetNumbersOfTheirOwn) {
  constexpr int kCalls = 50;
  auto request = For<v1::PutTemplateRequest>("hello", "en");
  request.set_body("x");
  std::vector<Promise<v1::Template>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(rpc_.PutTemplate(call_, request));
  }
  const auto versions = Await(All(std::move(calls)));
  ASSERT_TRUE(versions.ok()) << versions.status();
  std::vector<int64_t> numbers;
  for (const v1::Template& one : *versions) numbers.push_back(one.version());
  std::sort(numbers.begin(), numbers.end());
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(numbers[i], i + 1);
}

// Two who read the same and publish: one of them wins.
TEST_P(TemplatesSuite, OneOfManyPublishersWins) {
  const v1::Template one = Put("en", "one");
  const std::string etag = Put("en", "two").etag();
  std::vector<Promise<v1::Template>> calls;
  for (int i = 0; i < 20; ++i) {
    auto request = For<v1::PublishTemplateRequest>("hello", "en");
    request.set_version(1 + i % 2);
    request.set_etag(etag);
    calls.push_back(rpc_.PublishTemplate(call_, request));
  }
  const auto outcomes = Await(AllSettled(std::move(calls)));
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  int published = 0;
  for (const auto& outcome : *outcomes) {
    published += outcome.ok();
    if (!outcome.ok()) {
      EXPECT_EQ(outcome.status().code(), StatusCode::kAborted);
    }
  }
  EXPECT_EQ(published, 1);
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "DraftAdded", "Published"));
}

TEST_P(TemplatesSuite, AnArchivedTemplateIsNotRenderedUntilRestored) {
  ASSERT_TRUE(Publish(Put("en", "english")).ok());
  const v1::Template german = Put("de", "deutsch");
  ASSERT_TRUE(Publish(german).ok());
  EXPECT_EQ(Restore("de").status().code(), StatusCode::kFailedPrecondition);
  const auto archived = Archive("de");
  ASSERT_TRUE(archived.ok()) << archived.status();
  EXPECT_TRUE(archived->has_archive_time());
  EXPECT_EQ(RenderFor("de")->body(), "english");
  EXPECT_EQ(Archive("de").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(TryPut("de", "x").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Publish(german).status().code(), StatusCode::kFailedPrecondition);

  const auto restored = Restore("de");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_FALSE(restored->has_archive_time());
  EXPECT_EQ(RenderFor("de")->body(), "deutsch");
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "Published", "DraftAdded",
                                     "Published", "Archived", "Restored"));
}

TEST_P(TemplatesSuite, ErasesWhatIsArchivedAndCountsOn) {
  ASSERT_TRUE(Publish(Put("en", "one")).ok());
  EXPECT_EQ(Erase("en").code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Archive("en").ok());
  ASSERT_TRUE(Erase("en").ok());
  EXPECT_EQ(Erase("en").code(), StatusCode::kNotFound);
  EXPECT_EQ(Restore("en").status().code(), StatusCode::kNotFound);
  auto get = For<v1::GetTemplateRequest>("hello", "en");
  get.set_version(1);
  EXPECT_EQ(Await(rpc_.GetTemplate(call_, get)).status().code(),
            StatusCode::kNotFound);
  // Another begins under its name, and no number means two texts.
  EXPECT_EQ(Put("en", "two").version(), 2);
  EXPECT_EQ(RenderFor("en").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "Published", "Archived",
                                     "Deleted", "DraftAdded"));
}

TEST_P(TemplatesSuite, RefusesWhatDoesNotCompile) {
  EXPECT_THAT(std::string(MessageOf(TryPut("en", "Hi\n{{#a}}").status())),
              HasSubstr("body: hello:2:1: section 'a' is never closed"));
  const v1::Template draft = Put("en", "Hi");
  auto update = For<v1::UpdateDraftRequest>(draft);
  update.set_body("{{");
  EXPECT_EQ(Await(rpc_.UpdateDraft(call_, update)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded"));
}

TEST_P(TemplatesSuite, TheHeadsOfOlderTemplatesAreMigrated) {
  const std::string url = *GetParam().fresh();
  auto old = *store::Database::Open(loop_, {.url = url}, logger_, metrics_);
  auto migrations = TemplatesMigrations();
  const std::vector<store::Migration> first(migrations.begin(),
                                            migrations.begin() + 1);
  ASSERT_TRUE(Await(old->Migrate("templates", first)).ok());
  ASSERT_TRUE(Await(old->Transact([](store::Tx& tx) {
                for (int version = 1; version <= 3; ++version) {
                  tx.Execute(
                      "INSERT INTO templates (name, locale, version, state, "
                      "content_type, body, create_time) VALUES ('hello', 'en', "
                      ":version, :state, 'text/html', 'x', :version)",
                      {{"version", version}, {"state", version == 2 ? 2 : 1}});
                }
              })).ok());
  ASSERT_TRUE(Await(old->Migrate("templates", std::move(migrations))).ok());
  const auto head = Await(
      old->Read([](store::Tx& tx) { return FindHead(tx, "hello", "en"); }));
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->latest_version, 3);
  EXPECT_EQ(head->published_version, 2);
  EXPECT_EQ(EtagOf(*head), "1");
  EXPECT_EQ(Await(old->Close()), absl::OkStatus());
}

}  // namespace
}  // namespace millrace::templates
