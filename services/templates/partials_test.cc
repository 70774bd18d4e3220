// Templates that are partials and layouts of each other, on each database.
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using absl::StatusCode;
using ::testing::HasSubstr;

google::protobuf::Struct Data(const std::string& name,
                              const std::string& text) {
  google::protobuf::Struct data;
  (*data.mutable_fields())[name].set_string_value(text);
  return data;
}

TEST_P(TemplatesSuite, PartialsAndLayoutsAreStoredTemplates) {
  PutPublished("footer", "en", "<i>{{name}}</i>");
  PutPublished(
      "layout", "en",
      "<h1>{{$title}}Hello{{/title}}</h1>{{$body}}{{/body}}{{>footer}}");
  PutPublished("page", "en",
               "{{<layout}}{{$body}}<p>{{name}}</p>{{/body}}{{/layout}}");
  EXPECT_EQ(TextOfNamed("page", "en", Data("name", "<Ada>")),
            "<h1>Hello</h1><p>&lt;Ada&gt;</p><i>&lt;Ada&gt;</i>");
}

TEST_P(TemplatesSuite, APartialIsTheOneOfTheTemplatesOwnLocaleOrItsFallback) {
  PutPublished("foot", "en", "Bye");
  PutPublished("foot", "de", "Ciao");
  PutPublished("sign", "en", "The team");
  PutPublished("page", "en", "{{>foot}}, {{>sign}}");
  PutPublished("page", "de", "{{>foot}}, {{>sign}}");
  EXPECT_EQ(TextOfNamed("page", "de-AT"), "Ciao, The team");
  EXPECT_EQ(TextOfNamed("page", "fr"), "Bye, The team");
}

TEST_P(TemplatesSuite, APartialHasTheLanguageItWasPutWith) {
  auto request = For<v1::PutTemplateRequest>("extended", "en");
  request.set_body("{{#if name}}{{else}}nobody{{/if}}");
  request.set_syntax(2);
  const auto extended = Await(rpc_.PutTemplate(call_, request));
  ASSERT_TRUE(extended.ok()) << extended.status();
  EXPECT_EQ(extended->syntax(), 2);
  ASSERT_TRUE(Publish(*extended).ok());
  // In the first language `else` is a name like others.
  PutPublished("page", "en", "{{>extended}}{{else}}");
  EXPECT_EQ(TextOfNamed("page", "en", Data("else", "!")), "nobody!");
}

TEST_P(TemplatesSuite, ADraftMayNameWhatIsNotThereYetAndAPublishedOneMayNot) {
  PutPublished("footer", "en", "Bye");
  const v1::Template page = Put("en", "Hi\n  {{>fotter}}", "page");
  const auto refused = Publish(page);
  EXPECT_EQ(refused.status(),
            absl::FailedPreconditionError(
                "version 1 of template 'page' in 'en' cannot be published; "
                "correct a draft and publish that:\n"
                "page:2:3: there is no partial 'fotter'; did you mean "
                "'footer'?\n"
                "    {{>fotter}}\n"
                "    ^"));
  EXPECT_EQ(RenderNamed("page").status().code(), StatusCode::kNotFound);
  PutPublished("fotter", "en", "Ciao");
  ASSERT_TRUE(Publish(page).ok());
  EXPECT_EQ(TextOfNamed("page"), "Hi\n  Ciao");
}

TEST_P(TemplatesSuite, WhatIsPublishedAnewIsRenderedByAllThatNameIt) {
  cache_.SetHearing(true);
  PutPublished("footer", "en", "one");
  PutPublished("layout", "en", "{{$body}}{{/body}} {{>footer}}");
  PutPublished("page", "en", "{{<layout}}{{$body}}page{{/body}}{{/layout}}");
  PutPublished("other", "en", "other");
  EXPECT_EQ(TextOfNamed("page"), "page one");
  EXPECT_EQ(TextOfNamed("other"), "other");
  EXPECT_EQ(cache_.size(), 2u);
  PutPublished("footer", "en", "two");
  EXPECT_EQ(cache_.size(), 1u);  // the other is left alone
  EXPECT_EQ(TextOfNamed("page"), "page two");
}

// A partial that is gone: who names it says so, and is well again with it.
TEST_P(TemplatesSuite, ATemplateWhosePartialIsArchivedSaysSo) {
  cache_.SetHearing(true);
  PutPublished("footer", "en", "Bye");
  PutPublished("page", "en", "{{>footer}}");
  EXPECT_EQ(TextOfNamed("page"), "Bye");
  ASSERT_TRUE(Archive("en", "footer").ok());
  const auto refused = RenderNamed("page");
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(MessageOf(refused.status()),
            "version 1 of template 'page' in 'en' does not compile any more; "
            "correct what it names, publish a corrected version, or roll "
            "back:\n"
            "page:1:1: there is no partial 'footer'\n"
            "  {{>footer}}\n"
            "  ^");
  ASSERT_TRUE(Await(rpc_.RestoreTemplate(
                        call_, For<v1::RestoreTemplateRequest>("footer", "en")))
                  .ok());
  EXPECT_EQ(TextOfNamed("page"), "Bye");
}

TEST_P(TemplatesSuite, WhatNoLongerCompilesIsToldAndHealedByAnother) {
  PutPublished("page", "en", "fine");
  // As a program of before may have stored it.
  ASSERT_EQ(Await(database_->Transact([](store::Tx& tx) {
              // By an index, as all that is watched here.
              tx.Execute("UPDATE templates SET body = :body WHERE name > ''",
                         {{"body", "{{#x}}"}});
            })),
            absl::OkStatus());
  const auto refused = RenderNamed("page");
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(refused.status())),
              HasSubstr("page:1:1: section 'x' is never closed"));
  // Of a text that the caller brings it is the caller's fault, of a version
  // that is stored it is not.
  v1::PreviewTemplateRequest preview;
  *preview.mutable_version() = For<v1::TemplateVersionRef>("page", "en");
  preview.mutable_version()->set_version(1);
  EXPECT_EQ(Await(rpc_.PreviewTemplate(call_, preview)).status().code(),
            StatusCode::kFailedPrecondition);
  preview.mutable_text()->set_body("{{#x}}");
  EXPECT_EQ(Await(rpc_.PreviewTemplate(call_, preview)).status().code(),
            StatusCode::kInvalidArgument);
  PutPublished("page", "en", "fine again");
  EXPECT_EQ(TextOfNamed("page"), "fine again");
}

// Rolling back to what names a partial that is gone would break what works.
TEST_P(TemplatesSuite, RollsBackOnlyToWhatCompiles) {
  PutPublished("footer", "en", "Bye");
  PutPublished("hello", "en", "{{>footer}}");
  PutPublished("hello", "en", "Hello");
  ASSERT_TRUE(Archive("en", "footer").ok());
  EXPECT_EQ(RollBack("en").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(TextOfNamed("hello"), "Hello");
}

TEST_P(TemplatesSuite, CyclesEndAtTheBoundOrWithTheData) {
  const v1::Template a = Put("en", "a{{>b}}", "a");
  PutPublished("b", "en", "b");
  ASSERT_TRUE(Publish(a).ok());
  const v1::Template b = Put("en", "b{{#more}}{{>a}}{{/more}}", "b");
  ASSERT_TRUE(Publish(b).ok());
  EXPECT_EQ(TextOfNamed("a"), "ab");
  const auto endless = RenderNamed("a", "en", Data("more", "yes"));
  EXPECT_EQ(endless.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(
      std::string(MessageOf(endless.status())),
      HasSubstr("nested deeper than 64; does one of them call itself?"));
}

// A tree is its own partial, also before it is published.
TEST_P(TemplatesSuite, ATemplateCanBeItsOwnPartial) {
  PutPublished("tree", "en",
               "{{name}}{{#child}}({{>tree}}){{/child}}{{^child}}.{{/child}}");
  google::protobuf::Struct leaf = Data("name", "leaf");
  (*leaf.mutable_fields())["child"].set_bool_value(false);
  google::protobuf::Struct root = Data("name", "root");
  *(*root.mutable_fields())["child"].mutable_struct_value() = leaf;
  EXPECT_EQ(TextOfNamed("tree", "en", root), "root(leaf.)");
}

TEST_P(TemplatesSuite, DynamicNamesChooseAmongTheTemplatesOwn) {
  cache_.SetHearing(true);
  PutPublished("page.gift", "en", "gift");
  PutPublished("secret", "en", "secret");
  PutPublished("page", "en", "[{{>*kind}}]");
  EXPECT_EQ(TextOfNamed("page", "en", Data("kind", "page.gift")), "[gift]");
  EXPECT_EQ(TextOfNamed("page", "en", Data("kind", "secret")), "[]");
  EXPECT_EQ(TextOfNamed("page", "en", Data("kind", "page.card")), "[]");
  // One more to choose from.
  PutPublished("page.card", "en", "card");
  EXPECT_EQ(TextOfNamed("page", "en", Data("kind", "page.card")), "[card]");
}

// What is safe in text would not be in a script: it is compiled for where it
// stands.
TEST_P(TemplatesSuite, APartialIsEscapedForWhereItStands) {
  PutPublished("value", "en", "{{name}}");
  PutPublished("page", "en",
               "<p title=\"{{>value}}\">{{>value}}</p><script>x = "
               "{{>value}};</script>");
  EXPECT_EQ(TextOfNamed("page", "en", Data("name", "\"<'")),
            "<p title=\"&quot;&lt;&#39;\">&quot;&lt;&#39;</p><script>x = "
            "\"\\u0022\\u003C\\u0027\";</script>");
}

TEST_P(TemplatesSuite, PartialsOfAnotherInstanceAreDroppedByTheNameOfAny) {
  TemplateCache other(*database_, clock_);
  other.SetHearing(true);
  PutPublished("footer", "en", "one");
  PutPublished("page", "en", "{{>footer}}");
  const auto text = [&] {
    return Await(other.Published({}, "page", "en"))
        ->Render(google::protobuf::Struct());
  };
  EXPECT_EQ(*text(), "one");
  PutPublished("footer", "en", "two");
  EXPECT_EQ(*text(), "one");  // not heard yet
  other.Drop("footer");
  EXPECT_EQ(*text(), "two");
}

}  // namespace
}  // namespace millrace::templates
