// What the templates service must do on each database: the tests of several
// files, which a program instantiates for the databases it has.
#ifndef MILLRACE_SERVICES_TEMPLATES_TEMPLATES_SUITE_H_
#define MILLRACE_SERVICES_TEMPLATES_TEMPLATES_SUITE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "services/templates/cache.h"
#include "services/templates/rpc.h"
#include "templates/migrations.h"
#include "templates/v1/events.millrace.h"
#include "tests/support/watched_service_test.h"

namespace millrace::templates {

inline constexpr char kAda[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

// What stands for the users service: it knows Ada and nobody else.
class FakeUsers final : public Channel {
 public:
  Promise<MessagePtr> Unary(const MethodInfo& method, const Call&,
                            const Message& request) override {
    EXPECT_EQ(method.name, "GetUser");
    const auto& get = static_cast<const ::users::v1::GetUserRequest&>(request);
    if (get.id() != kAda) {
      return Promise<MessagePtr>::Reject(absl::NotFoundError("nobody"));
    }
    auto ada = std::make_unique<::users::v1::User>();
    ada->set_id(kAda);
    ada->set_email("ada@example.org");
    ada->set_display_name("Ada <3");
    return Promise<MessagePtr>::Resolve(std::move(ada));
  }

  Stream<MessagePtr> Streaming(const MethodInfo&, const Call&,
                               Stream<MessagePtr>) override {
    return Stream<MessagePtr>::Failed(absl::UnimplementedError("no streams"));
  }
};

// A request for a template: its name and locale, and whatever else is set.
template <typename Request>
Request For(const std::string& name, const std::string& locale) {
  Request request;
  request.set_name(name);
  request.set_locale(locale);
  return request;
}

template <typename Request>
Request For(const ::templates::v1::Template& version) {
  auto request = For<Request>(version.name(), version.locale());
  request.set_version(version.version());
  return request;
}

class TemplatesSuite : public testing::Watched<testing::ServiceSuite> {
 protected:
  TemplatesSuite() : Watched("templates", TemplatesMigrations()) {}

  absl::StatusOr<::templates::v1::Template> TryPut(
      const std::string& locale, const std::string& body,
      const std::string& etag = "", const std::string& name = "hello") {
    auto request = For<::templates::v1::PutTemplateRequest>(name, locale);
    request.set_body(body);
    request.set_etag(etag);
    return Await(rpc_.PutTemplate(call_, request));
  }

  ::templates::v1::Template Put(const std::string& locale,
                                const std::string& body,
                                const std::string& name = "hello") {
    const auto version = TryPut(locale, body, "", name);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.ok() ? *version : ::templates::v1::Template();
  }

  absl::StatusOr<::templates::v1::Template> Publish(
      const ::templates::v1::Template& version, const std::string& etag = "") {
    auto request = For<::templates::v1::PublishTemplateRequest>(version);
    request.set_etag(etag);
    return Await(rpc_.PublishTemplate(call_, request));
  }

  // Put and published at once.
  void PutPublished(const std::string& name, const std::string& locale,
                    const std::string& body) {
    const auto published = Publish(Put(locale, body, name));
    EXPECT_TRUE(published.ok()) << published.status();
  }

  absl::StatusOr<::templates::v1::RenderTemplateResponse> RenderNamed(
      const std::string& name, const std::string& locale = "en",
      google::protobuf::Struct data = {}) {
    auto request = For<::templates::v1::RenderTemplateRequest>(name, locale);
    *request.mutable_data() = std::move(data);
    return Await(rpc_.RenderTemplate(call_, request));
  }

  // The text, or the message of the error.
  std::string TextOfNamed(const std::string& name,
                          const std::string& locale = "en",
                          google::protobuf::Struct data = {}) {
    const auto rendered = RenderNamed(name, locale, std::move(data));
    return rendered.ok() ? rendered->body()
                         : std::string(MessageOf(rendered.status()));
  }

  absl::StatusOr<::templates::v1::Template> RollBack(
      const std::string& locale) {
    return Await(rpc_.RollBackTemplate(
        call_, For<::templates::v1::RollBackTemplateRequest>("hello", locale)));
  }

  absl::StatusOr<::templates::v1::TemplateSummary> Archive(
      const std::string& locale, const std::string& name = "hello") {
    return Await(rpc_.ArchiveTemplate(
        call_, For<::templates::v1::ArchiveTemplateRequest>(name, locale)));
  }

  absl::StatusOr<::templates::v1::TemplateSummary> Restore(
      const std::string& locale) {
    return Await(rpc_.RestoreTemplate(
        call_, For<::templates::v1::RestoreTemplateRequest>("hello", locale)));
  }

  absl::Status Erase(const std::string& locale,
                     const std::string& name = "hello") {
    return Await(rpc_.DeleteTemplate(
                     call_,
                     For<::templates::v1::DeleteTemplateRequest>(name, locale)))
        .status();
  }

  absl::StatusOr<::templates::v1::RenderTemplateResponse> RenderFor(
      const std::string& locale, const std::string& user_id = kAda) {
    auto request = For<::templates::v1::RenderTemplateRequest>("hello", locale);
    request.set_user_id(user_id);
    return Await(rpc_.RenderTemplate(call_, request));
  }

  std::vector<std::string> Emitted() {
    return ServiceSuite::Emitted(::templates::v1::TemplateEvents::Info());
  }

  FakeUsers users_channel_;
  ::users::v1::UsersService::Client users_{users_channel_};
  TemplateCache cache_{*database_, clock_};
  TemplatesRpc rpc_{TemplatesRpc::Parts{.loop = loop_,
                                        .database = *database_,
                                        .outbox = outbox_,
                                        .users = users_,
                                        .cache = cache_,
                                        .clock = clock_,
                                        .logger = logger_}};
};

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_TEMPLATES_SUITE_H_
