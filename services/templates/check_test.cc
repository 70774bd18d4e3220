// CheckTemplate, and what PublishTemplate insists on, on each database.
#include "services/templates/data_type.h"
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kUserCreated[] = "users.v1.UserCreated";

v1::PutTemplateRequest ForUsers(const std::string& body) {
  auto request = For<v1::PutTemplateRequest>("hello", "en");
  request.set_body(body);
  request.set_data_type(kUserCreated);
  return request;
}

std::vector<std::string> Messages(const v1::CheckTemplateResponse& response) {
  std::vector<std::string> messages;
  for (const v1::TemplateProblem& problem : response.problems()) {
    messages.push_back(
        StrCat(problem.place().template_(), ":", problem.place().line(), ":",
               problem.place().column(), ": ", problem.message()));
  }
  return messages;
}

TEST_P(TemplatesSuite, AFieldThatTheMessageDoesNotHaveIsNotPublished) {
  const auto draft = Await(rpc_.PutTemplate(
      call_, ForUsers("Hi {{display_name}},\nyour {{emial}} is ready")));
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_EQ(draft->data_type(), kUserCreated);
  EXPECT_EQ(Publish(*draft).status(),
            absl::FailedPreconditionError(
                "version 1 of template 'hello' in 'en' cannot be published; "
                "correct a draft and publish that:\n"
                "hello:2:6: the data has no 'emial'; did you mean 'email'?\n"
                "  your {{emial}} is ready\n"
                "       ^"));
  auto update = For<v1::UpdateDraftRequest>(*draft);
  update.set_body("Hi {{displayName}}, your {{email}} is ready");
  const auto corrected = Await(rpc_.UpdateDraft(call_, update));
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_EQ(corrected->data_type(), kUserCreated);  // as it was
  EXPECT_TRUE(Publish(*corrected).ok());
}

TEST_P(TemplatesSuite, AFieldOfAPartialIsToldWhereItStands) {
  PutPublished("footer", "en", "\n{{#phone}}Call {{phone}}{{/phone}}");
  const auto draft =
      Await(rpc_.PutTemplate(call_, ForUsers("{{email}}{{>footer}}")));
  EXPECT_THAT(std::string(MessageOf(Publish(*draft).status())),
              HasSubstr("footer:2:1: the data has no 'phone'"));
  // Of nothing that is known nothing is wrong.
  auto update = For<v1::UpdateDraftRequest>(*draft);
  update.set_body(draft->body());
  update.set_data_type("");
  const auto unknown = Await(rpc_.UpdateDraft(call_, update));
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_TRUE(Publish(*unknown).ok());
}

TEST_P(TemplatesSuite, AnUnknownMessageIsRefusedWithTheNearest) {
  auto request = ForUsers("x");
  request.set_data_type("users.v1.UserCraeted");
  EXPECT_EQ(MessageOf(Await(rpc_.PutTemplate(call_, request)).status()),
            "data_type: no contract has a message 'users.v1.UserCraeted'; did "
            "you mean 'users.v1.UserCreated'?");
}

TEST_P(TemplatesSuite, ChecksTellAllThatIsWrongAtOnce) {
  PutPublished("footer", "en", "Bye {{email}}");
  v1::CheckTemplateRequest request;
  v1::TemplateText& text = *request.mutable_text();
  text.set_body("{{> fotter}}\n{{emial}}{{>footer}}");
  text.set_data_type(kUserCreated);
  const auto wrong = Await(rpc_.CheckTemplate(call_, request));
  ASSERT_TRUE(wrong.ok()) << wrong.status();
  EXPECT_THAT(
      Messages(*wrong),
      ElementsAre(
          "preview:1:1: there is no partial 'fotter'; did you mean 'footer'?",
          "preview:2:1: the data has no 'emial'; did you mean 'email'?"));
  EXPECT_EQ(wrong->problems(0).excerpt(), "  {{> fotter}}\n  ^");
  EXPECT_THAT(wrong->partials(), ElementsAre("footer"));

  text.set_body("{{#a}}{{{b}}}");
  const auto broken = Await(rpc_.CheckTemplate(call_, request));
  ASSERT_TRUE(broken.ok()) << broken.status();
  EXPECT_EQ(broken->problems_size(), 2);
  EXPECT_THAT(broken->fields(), IsEmpty());
}

TEST_P(TemplatesSuite, ChecksTellWhatIsRead) {
  const v1::Template draft =
      Put("en", "{{#items}}{{price}}{{/items}}\n{{^sum}}-{{/sum}}");
  v1::CheckTemplateRequest request;
  *request.mutable_version() = For<v1::TemplateVersionRef>(draft);
  const auto checked = Await(rpc_.CheckTemplate(call_, request));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->problems(), IsEmpty());
  ASSERT_EQ(checked->fields_size(), 3);
  EXPECT_EQ(checked->fields(0).path(), "items");
  EXPECT_FALSE(checked->fields(0).is_text());
  EXPECT_EQ(checked->fields(1).path(), "price");
  EXPECT_THAT(checked->fields(1).sections(), ElementsAre("items"));
  EXPECT_TRUE(checked->fields(1).is_text());
  EXPECT_EQ(checked->fields(2).path(), "sum");
  EXPECT_EQ(checked->fields(2).place().line(), 2);

  request.mutable_version()->set_version(7);
  EXPECT_EQ(Await(rpc_.CheckTemplate(call_, request)).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(Await(rpc_.CheckTemplate(call_, {})).status().code(),
            StatusCode::kInvalidArgument);
}

// A draft of plain text is plain text also when the change does not say so.
TEST_P(TemplatesSuite, ADraftIsCheckedAsWhatItIs) {
  auto request = For<v1::PutTemplateRequest>("hello", "en");
  request.set_body("x");
  request.set_content_type("text/plain");
  const auto draft = Await(rpc_.PutTemplate(call_, request));
  ASSERT_TRUE(draft.ok()) << draft.status();
  auto update = For<v1::UpdateDraftRequest>(*draft);
  update.set_body("a <b {{c}}=d");
  EXPECT_TRUE(Await(rpc_.UpdateDraft(call_, update)).ok());
  update.set_content_type("text/html");
  EXPECT_EQ(Await(rpc_.UpdateDraft(call_, update)).status().code(),
            StatusCode::kInvalidArgument);
  // And nothing of it was kept.
  auto get = For<v1::GetTemplateRequest>(*draft);
  EXPECT_EQ(Await(rpc_.GetTemplate(call_, get))->content_type(), "text/plain");
}

TEST_P(TemplatesSuite, UnsafeOutputNeedsAPermissionOfItsOwn) {
  const v1::Template draft = Put("en", "<b>{{{name}}}</b>");
  EXPECT_FALSE(draft.unsafe_allowed());
  const auto refused = Publish(draft);
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(refused.status())),
              HasSubstr("hello:1:4: values that are not escaped are not "
                        "permitted here"));

  auto allow = For<v1::AllowUnsafeOutputRequest>(draft);
  allow.set_reason("the name is checked markup");
  call_.context.identity.subject = kAda;
  const auto allowed = Await(rpc_.AllowUnsafeOutput(call_, allow));
  ASSERT_TRUE(allowed.ok()) << allowed.status();
  EXPECT_TRUE(allowed->unsafe_allowed());
  EXPECT_NE(allowed->etag(), draft.etag());
  // Once more changes and tells nothing.
  EXPECT_EQ(Await(rpc_.AllowUnsafeOutput(call_, allow))->etag(),
            allowed->etag());
  EXPECT_THAT(Emitted(), ElementsAre("DraftAdded", "UnsafeAllowed"));

  // It was for that text, not for another.
  auto update = For<v1::UpdateDraftRequest>(draft);
  update.set_body("<b>{{{name}}} {{{more}}}</b>");
  EXPECT_FALSE(Await(rpc_.UpdateDraft(call_, update))->unsafe_allowed());
  EXPECT_FALSE(Publish(draft).ok());
  ASSERT_TRUE(Await(rpc_.AllowUnsafeOutput(call_, allow)).ok());
  ASSERT_TRUE(Publish(draft).ok());
  google::protobuf::Struct data;
  (*data.mutable_fields())["name"].set_string_value("<i>");
  EXPECT_EQ(TextOfNamed("hello", "en", data), "<b><i> </b>");

  // As a partial it is what it is, and permits nothing to who names it.
  PutPublished("page", "en", "{{name}}{{>hello}}");
  EXPECT_EQ(TextOfNamed("page", "en", data), "&lt;i&gt;<b><i> </b>");
  EXPECT_FALSE(Publish(Put("en", "{{{name}}}{{>hello}}", "page")).ok());
}

TEST_P(TemplatesSuite, WhatIsEscapedOrPublishedNeedsNoPermission) {
  const v1::Template safe = Put("en", "{{name}}");
  auto allow = For<v1::AllowUnsafeOutputRequest>(safe);
  allow.set_reason("why not");
  EXPECT_EQ(Await(rpc_.AllowUnsafeOutput(call_, allow)).status(),
            absl::FailedPreconditionError(
                "version 1 of template 'hello' in 'en' escapes every value: "
                "there is nothing to allow"));
  ASSERT_TRUE(Publish(safe).ok());
  EXPECT_EQ(Await(rpc_.AllowUnsafeOutput(call_, allow)).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST(FindDataType, KnowsTheMessagesOfContracts) {
  const auto type = FindDataType(kUserCreated);
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_EQ((*type)->full_name(), kUserCreated);
  EXPECT_EQ(FindDataType("nothing.like.It").status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace millrace::templates
