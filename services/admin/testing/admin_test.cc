#include "services/admin/testing/admin_test.h"

#include <memory>

#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/dead_letter.h"
#include "bus/outbox_sql.h"
#include "templates/v1/templates.millrace.h"
#include "users/v1/events.pb.h"

namespace millrace::admin {
namespace {

template <typename Request>
void Fill(Request& request, const std::string& user_id,
          const std::vector<std::string>& permissions,
          const std::string& etag) {
  request.set_user_id(user_id);
  for (const std::string& name : permissions) request.add_permissions(name);
  request.set_reason("because");
  request.set_etag(etag);
}

::users::v1::User UserOf(const std::string& id) {
  ::users::v1::User user;
  user.set_id(id);
  user.set_email(StrCat(id, "@example.org"));
  user.set_display_name(StrCat("Name of ", id));
  user.set_locale("en");
  user.set_etag("7");
  return user;
}

}  // namespace

Promise<MessagePtr> FakeChannel::Unary(const MethodInfo& method,
                                       const Call& call,
                                       const Message& request) {
  calls.push_back(StrCat(method.name, " by ", call.context.identity.subject));
  if (const auto failure = failures.find(method.name);
      failure != failures.end()) {
    return Promise<MessagePtr>::Reject(failure->second);
  }
  MessagePtr response(method.response().New());
  if (method.name == "BatchGetUsers") {
    const auto& batch =
        static_cast<const ::users::v1::BatchGetUsersRequest&>(request);
    auto& found = static_cast<::users::v1::BatchGetUsersResponse&>(*response);
    for (const std::string& id : batch.ids()) {
      if (people.contains(id)) {
        *found.add_users() = UserOf(id);
      } else {
        found.add_missing_ids(id);
      }
    }
  } else if (method.response().GetTypeName() == "users.v1.User") {
    const std::string id = request.GetReflection()->GetString(
        request, request.GetDescriptor()->FindFieldByName("id"));
    if (!people.contains(id)) {
      return Promise<MessagePtr>::Reject(
          absl::NotFoundError(StrCat("there is no user with the id ", id)));
    }
    static_cast<::users::v1::User&>(*response) = UserOf(id);
  }
  return Promise<MessagePtr>::Resolve(std::move(response));
}

Stream<MessagePtr> FakeChannel::Streaming(const MethodInfo&, const Call&,
                                          Stream<MessagePtr>) {
  return Stream<MessagePtr>::Failed(absl::UnimplementedError("not here"));
}

std::vector<store::Migration> MigrationsUpTo(int version) {
  std::vector<store::Migration> migrations = AdminMigrations();
  std::erase_if(migrations, [version](const store::Migration& migration) {
    return migration.version > version;
  });
  return migrations;
}

AdminTest::AdminTest(const absl::StatusOr<std::string>& url,
                     std::vector<store::Migration> migrations)
    // Without a database the test is skipped; until then any will do.
    : Watched("admin", url.ok() ? std::move(migrations) : AdminMigrations(),
              url.ok() ? *url : "sqlite::memory:"),
      url_(url),
      rpc_({.database = *database_,
            .outbox = outbox_,
            .bus = bus_,
            .clock = clock_,
            .users = users_,
            .dead_letters = dead_letters_,
            .contracts = AllContracts(),
            .services = {&::admin::v1::AdminService::Info(),
                         &::templates::v1::TemplatesService::Info(),
                         &::users::v1::UsersService::Info()}}) {
  call_.context.identity.subject = kRoot;
  // Reads by tests of all that is kept, and what the database refuses.
  IgnoreStatement("SELECT data_subject, seal_key FROM audit_keys");
  IgnoreStatement("SELECT event_id, subject, actor, source, payload_type, ");
  IgnoreStatement("DELETE FROM audit");
  // A page sorts who holds one permission, by whichever role: few people. That
  // it finds them by indexes, query_plan_test.cc shows.
  IgnoreStatement("SELECT user_id FROM grants WHERE permission IN (");
}

void AdminTest::SetUp() {
  if (!url_.ok()) GTEST_SKIP() << url_.status().message();
}

void AdminTest::TearDown() {
  Watched::TearDown();
  EXPECT_EQ(Await(database_->Close()), absl::OkStatus());
}

Contracts AdminTest::AllContracts() const {
  return {&::admin::v1::AdminEvents::Info(),
          &::templates::v1::TemplateEvents::Info(),
          &::users::v1::UserEvents::Info()};
}

std::vector<EventEnvelope> AdminTest::EventsEmitted() {
  return *Await(database_->Read([](store::Tx& tx) {
    std::vector<EventEnvelope> events;
    for (const bus::OutboxRow& row : bus::ReadOutbox(tx, 100'000, 1 << 30)) {
      events.push_back(ValueOrThrow(bus::DecodeEvent(row.record)));
    }
    return events;
  }));
}

EventEnvelope AdminTest::CreatedEvent(const std::string& subject,
                                      const std::string& actor) {
  ::users::v1::UserCreated payload;
  payload.set_user_id(subject);
  EventEnvelope envelope{.id = NewId(),
                         .type = "users.v1.UserEvents.Created",
                         .source = "/users",
                         .key = subject,
                         .time = clock_.Now(),
                         .trace = TraceContext::NewRoot(),
                         .payload = payload.SerializeAsString()};
  if (!actor.empty()) {
    envelope.extensions.emplace_back(bus::kActorExtension, actor);
  }
  return envelope;
}

absl::Status AdminTest::Record(const EventEnvelope& envelope) {
  return Await(audit_.Deliver(envelope));
}

void AdminTest::AddDeadLetter(const EventEnvelope& envelope) {
  const ContractInfo& contract = ::users::v1::UserEvents::Info();
  const absl::Status declared = Await(bus_.Declare(contract));
  ASSERT_TRUE(declared.ok()) << declared;
  bus::DeadLetter letter;
  letter.group = kAuditGroup;
  letter.failure = absl::InternalError("it cannot be recorded");
  letter.attempts = 1;
  letter.dead_time = clock_.Now();
  letter.source = bus::EncodeEvent(envelope, std::string(contract.topic));
  letter.source.partition = 0;
  letter.source.offset = static_cast<int64_t>(transport_.published.size());
  transport_.published.push_back(
      bus::EncodeDeadLetter(letter, std::string(contract.dead_letter_topic)));
}

Verified AdminTest::Verify(VerifyRange range) {
  auto verified = Await(VerifyTrail(*database_, {}, std::move(range)));
  EXPECT_TRUE(verified.ok()) << verified.status();
  return verified.ok() ? *verified : Verified();
}

void AdminTest::Tamper(const std::string& sql) {
  const auto rows = Await(
      database_->Transact([&sql](store::Tx& tx) { return tx.Execute(sql); }));
  ASSERT_TRUE(rows.ok()) << rows.status();
}

void AdminTest::DropTriggers() {
  if (database_->dialect() == store::Dialect::kPostgres) {
    Tamper("DROP TRIGGER audit_no_change ON audit");
    Tamper("DROP TRIGGER audit_no_update ON audit");
    return;
  }
  for (const char* trigger :
       {"audit_no_update", "audit_no_delete", "audit_no_replace"}) {
    Tamper(StrCat("DROP TRIGGER ", trigger));
  }
}

absl::StatusOr<::admin::v1::Admin> AdminTest::Get(const std::string& user_id) {
  ::admin::v1::GetAdminRequest request;
  request.set_user_id(user_id);
  return Await(rpc_.GetAdmin(call_, request));
}

absl::StatusOr<::admin::v1::Admin> AdminTest::Grant(
    const std::string& user_id, std::vector<std::string> permissions,
    const std::string& etag) {
  ::admin::v1::GrantPermissionsRequest request;
  Fill(request, user_id, permissions, etag);
  return Await(rpc_.GrantPermissions(call_, request));
}

absl::StatusOr<::admin::v1::Admin> AdminTest::Revoke(
    const std::string& user_id, std::vector<std::string> permissions,
    const std::string& etag) {
  ::admin::v1::RevokePermissionsRequest request;
  Fill(request, user_id, permissions, etag);
  return Await(rpc_.RevokePermissions(call_, request));
}

absl::StatusOr<::admin::v1::Role> AdminTest::Create(
    const std::string& role, std::vector<std::string> permissions) {
  ::admin::v1::CreateRoleRequest request;
  request.mutable_role()->set_name(role);
  for (const std::string& name : permissions) {
    request.mutable_role()->add_permissions(name);
  }
  return Await(rpc_.CreateRole(call_, request));
}

absl::StatusOr<::admin::v1::Admin> AdminTest::Assign(const std::string& user_id,
                                                     const std::string& role) {
  ::admin::v1::AssignRoleRequest request;
  request.set_user_id(user_id);
  request.set_role(role);
  return Await(rpc_.AssignRole(call_, request));
}

absl::StatusOr<::admin::v1::Admin> AdminTest::Unassign(
    const std::string& user_id, const std::string& role) {
  ::admin::v1::UnassignRoleRequest request;
  request.set_user_id(user_id);
  request.set_role(role);
  return Await(rpc_.UnassignRole(call_, request));
}

}  // namespace millrace::admin
