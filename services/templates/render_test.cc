// Rendering, one and many, and the cache, on each database.
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using absl::StatusCode;
using ::testing::HasSubstr;

v1::RenderTemplatesRequest Input(const std::string& name) {
  auto input = For<v1::RenderTemplatesRequest>("hello", "en");
  (*input.mutable_data()->mutable_fields())["name"].set_string_value(name);
  return input;
}

TEST_P(TemplatesSuite, AnUnknownUserIsNotFound) {
  ASSERT_TRUE(Publish(Put("en", "x")).ok());
  EXPECT_EQ(RenderFor("en", "017f22e2-79b0-7cc3-98c4-000000000000").status(),
            absl::NotFoundError("nobody"));
}

TEST_P(TemplatesSuite, PreviewsDraftsAndTextsThatAreStoredNowhere) {
  const v1::Template draft = Put("en", "Hi {{name}}");
  v1::PreviewTemplateRequest request;
  *request.mutable_version() = For<v1::TemplateVersionRef>(draft);
  (*request.mutable_data()->mutable_fields())["name"].set_string_value("<b>");
  const auto preview = Await(rpc_.PreviewTemplate(call_, request));
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->body(), "Hi &lt;b&gt;");
  EXPECT_EQ(preview->content_type(), "text/html");

  request.mutable_text()->set_body("Dear {{display_name}}");
  request.mutable_text()->set_content_type("text/plain");
  request.set_user_id(kAda);
  EXPECT_EQ(Await(rpc_.PreviewTemplate(call_, request))->body(), "Dear Ada <3");
  request.mutable_text()->set_body("{{#open}}");
  EXPECT_THAT(std::string(MessageOf(
                  Await(rpc_.PreviewTemplate(call_, request)).status())),
              HasSubstr("1:1: section 'open' is never closed"));
  EXPECT_EQ(Await(rpc_.PreviewTemplate(call_, {})).status().code(),
            StatusCode::kInvalidArgument);
}

TEST_P(TemplatesSuite, DataMayBeJsonText) {
  ASSERT_TRUE(Publish(Put("en", "Hi {{name}}{{#tags}}, {{.}}{{/tags}}")).ok());
  auto request = For<v1::RenderTemplateRequest>("hello", "en");
  request.set_json(R"({"name": "<b>", "tags": [1, "two"]})");
  const auto rendered = Await(rpc_.RenderTemplate(call_, request));
  ASSERT_TRUE(rendered.ok()) << rendered.status();
  EXPECT_EQ(rendered->body(), "Hi &lt;b&gt;, 1, two");
  request.set_json("{'name': 1}");
  const absl::Status wrong =
      Await(rpc_.RenderTemplate(call_, request)).status();
  EXPECT_EQ(wrong.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(wrong)), HasSubstr("json: "));

  v1::PreviewTemplateRequest preview;
  preview.mutable_text()->set_body("{{name}}");
  preview.set_json(R"({"name": "Ada"})");
  EXPECT_EQ(Await(rpc_.PreviewTemplate(call_, preview))->body(), "Ada");
}

// Sixty-four levels of a section over a list would write for ever.
TEST_P(TemplatesSuite, AHostileTemplateEndsAtItsBounds) {
  std::string body = "x";
  for (int i = 0; i < 12; ++i) body = StrCat("{{#l}}", body, "{{/l}}");
  v1::PreviewTemplateRequest request;
  request.mutable_text()->set_body(body);
  auto& list =
      *(*request.mutable_data()->mutable_fields())["l"].mutable_list_value();
  for (int i = 0; i < 12; ++i) list.add_values()->set_bool_value(true);
  EXPECT_EQ(Await(rpc_.PreviewTemplate(call_, request)).status().code(),
            StatusCode::kResourceExhausted);
}

TEST_P(TemplatesSuite, RendersAStreamAndAnswersEachInItsTurn) {
  ASSERT_TRUE(Publish(Put("en", "Hi {{name}}")).ok());
  auto json = For<v1::RenderTemplatesRequest>("hello", "en");
  json.set_json(R"({"name": "Eve"})");
  auto missing = Input("Eve");
  missing.set_name("missing");
  auto wrong = Input("Eve");
  wrong.set_user_id("nonsense");
  std::vector<v1::RenderTemplatesRequest> inputs = {
      Input("Ada"), missing, wrong, {}, json};
  const auto answers = Await(
      rpc_.RenderTemplates(
              call_, Stream<v1::RenderTemplatesRequest>::Of(std::move(inputs)))
          .Collect());
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_EQ(answers->size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ((*answers)[i].index(), i);
  EXPECT_EQ((*answers)[0].rendered().body(), "Hi Ada");
  EXPECT_EQ((*answers)[1].failure().code(), "NOT_FOUND");
  EXPECT_EQ((*answers)[2].failure().code(), "INVALID_ARGUMENT");
  EXPECT_THAT((*answers)[2].failure().message(), HasSubstr("user_id"));
  EXPECT_THAT((*answers)[3].failure().message(), HasSubstr("name: must be"));
  EXPECT_EQ((*answers)[4].rendered().body(), "Hi Eve");
}

TEST_P(TemplatesSuite, AStreamIsReadNoFasterThanItsAnswers) {
  ASSERT_TRUE(Publish(Put("en", "Hi {{name}}")).ok());
  int read = 0;
  auto inputs = Stream<v1::RenderTemplatesRequest>::Of(
                    std::vector<v1::RenderTemplatesRequest>(1000, Input("Ada")))
                    .Map([&read](v1::RenderTemplatesRequest input) {
                      ++read;
                      return input;
                    });
  auto answers = rpc_.RenderTemplates(call_, std::move(inputs));
  for (int taken = 1; taken <= 10; ++taken) {
    const auto answer = Await(answers.Next());
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_TRUE(answer->has_value());
    // The reader is slow: the service does other things meanwhile.
    ASSERT_EQ(Await(database_->Ping()), absl::OkStatus());
    EXPECT_LE(read, taken + 1);
  }
}

TEST_P(TemplatesSuite, ACallThatWasGivenUpEndsItsStream) {
  ASSERT_TRUE(Publish(Put("en", "Hi {{name}}")).ok());
  const AbortController controller;
  Call call;
  call.signal = controller.signal();
  auto answers = rpc_.RenderTemplates(
      call, Stream<v1::RenderTemplatesRequest>::Of(
                {Input("Ada"), Input("Bob"), Input("Eve")}));
  ASSERT_TRUE(Await(answers.Next()).ok());
  controller.Abort(absl::CancelledError("gone"));
  EXPECT_EQ(Await(answers.Next()).status(), absl::CancelledError("gone"));
}

TEST_P(TemplatesSuite, TheCacheKeepsNothingUnlessItHearsOfChanges) {
  ASSERT_TRUE(Publish(Put("en", "one")).ok());
  EXPECT_EQ(RenderFor("en")->body(), "one");
  EXPECT_EQ(cache_.size(), 0u);
  cache_.SetHearing(true);
  EXPECT_EQ(RenderFor("en")->body(), "one");
  EXPECT_EQ(RenderFor("de")->body(), "one");
  EXPECT_EQ(cache_.size(), 2u);
  EXPECT_EQ(cache_.bytes(), 6u);
  cache_.SetHearing(false);
  EXPECT_EQ(cache_.size(), 0u);
  EXPECT_EQ(cache_.bytes(), 0u);
}

TEST_P(TemplatesSuite, WhatThisInstanceChangesIsRenderedAtOnce) {
  cache_.SetHearing(true);
  ASSERT_TRUE(Publish(Put("en", "one")).ok());
  ASSERT_TRUE(Publish(Put("de", "eins")).ok());
  EXPECT_EQ(RenderFor("en")->body(), "one");
  EXPECT_EQ(RenderFor("de")->body(), "eins");
  ASSERT_TRUE(Publish(Put("en", "two")).ok());
  EXPECT_EQ(RenderFor("en")->body(), "two");
  ASSERT_TRUE(RollBack("en").ok());
  EXPECT_EQ(RenderFor("en")->body(), "one");
  ASSERT_TRUE(Archive("de").ok());
  EXPECT_EQ(RenderFor("de")->body(), "one");
  ASSERT_TRUE(Restore("de").ok());
  EXPECT_EQ(RenderFor("de")->body(), "eins");
}

TEST_P(TemplatesSuite, WhatAnotherInstanceChangesIsMissedForMaxAgeAtMost) {
  TemplateCache other(*database_, clock_, {.max_age = absl::Seconds(10)});
  other.SetHearing(true);
  const auto version = [&] {
    return Await(other.Published({}, "hello", "en"))->version().version;
  };
  ASSERT_TRUE(Publish(Put("en", "one")).ok());
  EXPECT_EQ(version(), 1);
  ASSERT_TRUE(Publish(Put("en", "two")).ok());
  EXPECT_EQ(version(), 1);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(version(), 2);
  ASSERT_TRUE(Publish(Put("en", "three")).ok());
  other.Drop("another");
  EXPECT_EQ(version(), 2);
  other.Drop("hello");
  EXPECT_EQ(version(), 3);
}

// The change came after the row was read and before it was kept.
TEST_P(TemplatesSuite, WhatIsDroppedWhileItIsReadIsNotKept) {
  cache_.SetHearing(true);
  ASSERT_TRUE(Publish(Put("en", "one")).ok());
  const auto reading = cache_.Published({}, "hello", "en");
  cache_.Drop("hello");
  EXPECT_EQ(Await(reading)->version().version, 1);
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_P(TemplatesSuite, TheCacheIsBounded) {
  TemplateCache small(*database_, clock_, {.max_entries = 3, .max_bytes = 100});
  small.SetHearing(true);
  for (const char* name : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(Publish(Put("en", std::string(10, 'x'), name)).ok());
    ASSERT_TRUE(Await(small.Published({}, name, "en")).ok());
    ASSERT_TRUE(Await(small.Published({}, "a", "en")).ok());
  }
  EXPECT_EQ(small.size(), 3u);  // a, d and c; b was not asked for the longest
  EXPECT_EQ(small.bytes(), 30u);
  ASSERT_TRUE(Publish(Put("en", std::string(90, 'x'), "large")).ok());
  ASSERT_TRUE(Await(small.Published({}, "large", "en")).ok());
  EXPECT_EQ(small.size(), 2u);  // and a
  ASSERT_TRUE(Publish(Put("en", std::string(200, 'x'), "huge")).ok());
  EXPECT_TRUE(Await(small.Published({}, "huge", "en")).ok());
  EXPECT_EQ(small.size(), 0u);
}

}  // namespace
}  // namespace millrace::templates
