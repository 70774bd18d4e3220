// Permissions and roles through the handlers, on a database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/strings.h"
#include "bus/codec.h"
#include "services/admin/testing/admin_test.h"

namespace millrace::admin {
namespace {

using ::admin::v1::PermissionsChanged;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kReadUsers[] = "users.users.read";
constexpr char kWriteUsers[] = "users.users.write";
constexpr char kReadAudit[] = "admin.audit.read";

class AccessTest : public AdminTest {
 protected:
  std::vector<PermissionsChanged> Changes() {
    std::vector<PermissionsChanged> changes;
    for (const EventEnvelope& event : EventsEmitted()) {
      if (event.type != "admin.v1.AdminEvents.PermissionsChanged") continue;
      EXPECT_EQ(bus::ActorOf(event), kRoot);
      PermissionsChanged change;
      EXPECT_TRUE(change.ParseFromString(event.payload));
      EXPECT_EQ(event.key, change.user_id());
      changes.push_back(std::move(change));
    }
    return changes;
  }

  std::vector<std::string> Holders(const std::string& permission = "",
                                   int page_size = 1) {
    std::vector<std::string> ids;
    ::admin::v1::ListAdminsRequest request;
    request.set_page_size(page_size);
    request.set_permission(permission);
    do {
      const auto page = Await(rpc_.ListAdmins(call_, request));
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& admin : page->admins()) ids.push_back(admin.id());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
};

TEST_F(AccessTest, AGrantIsToldOfWithWhoDidIt) {
  const auto admin = Grant(kAda, {kReadUsers, kReadAudit});
  ASSERT_TRUE(admin.ok()) << admin.status();
  EXPECT_EQ(admin->display_name(), StrCat("Name of ", kAda));
  EXPECT_EQ(admin->etag(), "7");  // the person's
  EXPECT_EQ(admin->permissions_etag(), "1");
  EXPECT_THAT(admin->permissions(), ElementsAre(kReadAudit, kReadUsers));
  EXPECT_THAT(admin->granted_permissions(),
              ElementsAre(kReadAudit, kReadUsers));
  EXPECT_EQ(admin->granted_by().id(), kRoot);
  EXPECT_EQ(admin->granted_by().display_name(), StrCat("Name of ", kRoot));
  const auto found = Get(kAda);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->SerializeAsString(), admin->SerializeAsString());
  const std::vector<PermissionsChanged> changes = Changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].user_id(), kAda);
  EXPECT_THAT(changes[0].permissions(), ElementsAre(kReadAudit, kReadUsers));
  EXPECT_THAT(changes[0].added(), ElementsAre(kReadAudit, kReadUsers));
  EXPECT_THAT(changes[0].removed(), IsEmpty());
  EXPECT_EQ(changes[0].changed_by(), kRoot);
  EXPECT_EQ(changes[0].reason(), "because");
}

TEST_F(AccessTest, WhoMayNotLookAtOthersMayLookAtThemselves) {
  ASSERT_TRUE(Grant(kAda, {kReadAudit}).ok());
  call_.context.identity.subject = kAda;
  const absl::Status denied = absl::PermissionDeniedError("you may not");
  channel_.failures = {{"BatchGetUsers", denied}};
  const auto admin = Get(kAda);
  ASSERT_TRUE(admin.ok()) << admin.status();
  EXPECT_THAT(admin->permissions(), ElementsAre(kReadAudit));
  EXPECT_EQ(admin->granted_by().id(), kRoot);
  EXPECT_EQ(admin->granted_by().display_name(), "");
  // Who it is about is another matter, and so are other failures.
  channel_.failures = {{"GetUser", denied}};
  EXPECT_EQ(Get(kAda).status(), denied);
  const absl::Status away = absl::UnavailableError("nobody is there");
  channel_.failures = {{"BatchGetUsers", away}};
  EXPECT_EQ(Get(kAda).status(), away);
}

TEST_F(AccessTest, AGrantOfWhatIsThereIsNone) {
  ASSERT_TRUE(Grant(kAda, {kReadUsers}).ok());
  const auto again = Grant(kAda, {kReadUsers});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->permissions_etag(), "1");
  EXPECT_EQ(Changes().size(), 1u);
}

TEST_F(AccessTest, RefusesWhatThereIsNot) {
  const absl::Status unknown = Grant(kAda, {"users.user.read"}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(unknown)),
              HasSubstr("did you mean 'users.users.read'?"));
  EXPECT_EQ(Revoke(kAda, {"users.user.read"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Grant("017f22e2-79b0-7cc3-98c4-000000000000", {kReadUsers})
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Assign(kAda, "support").status(),
            absl::NotFoundError("there is no role 'support'"));
  EXPECT_THAT(EventsEmitted(), IsEmpty());
}

TEST_F(AccessTest, AnEtagGuardsAgainstLostUpdates) {
  ASSERT_TRUE(Grant(kAda, {kReadUsers}).ok());
  ASSERT_TRUE(Grant(kAda, {kReadAudit}, "1").ok());
  EXPECT_EQ(Revoke(kAda, {kReadAudit}, "1").status().code(),
            absl::StatusCode::kAborted);
  EXPECT_TRUE(Revoke(kAda, {kReadAudit}, "2").ok());
}

TEST_F(AccessTest, ARoleGivesWhatItPermitsAsLongAsItDoes) {
  ASSERT_TRUE(Create("support", {kReadUsers}).ok());
  ASSERT_TRUE(Assign(kAda, "support").ok());
  ASSERT_TRUE(Assign(kBob, "support").ok());
  EXPECT_EQ(Revoke(kAda, {kReadUsers}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ::admin::v1::UpdateRoleRequest update;
  update.set_name("support");
  update.mutable_role()->add_permissions(kReadUsers);
  update.mutable_role()->add_permissions(kWriteUsers);
  const auto role = Await(rpc_.UpdateRole(call_, update));
  ASSERT_TRUE(role.ok()) << role.status();
  EXPECT_EQ(role->etag(), "2");
  EXPECT_THAT(Get(kBob)->permissions(), ElementsAre(kReadUsers, kWriteUsers));
  const std::vector<PermissionsChanged> changes = Changes();
  ASSERT_EQ(changes.size(), 4u);  // two assignments, and both of them again
  EXPECT_EQ(changes[2].user_id(), kAda);
  EXPECT_EQ(changes[3].user_id(), kBob);
  EXPECT_THAT(changes[3].added(), ElementsAre(kWriteUsers));
  EXPECT_EQ(changes[3].reason(), "role support was changed");

  ::admin::v1::DeleteRoleRequest remove;
  remove.set_name("support");
  EXPECT_THAT(
      std::string(MessageOf(Await(rpc_.DeleteRole(call_, remove)).status())),
      HasSubstr("role support is assigned to 2 people"));
  ASSERT_TRUE(Unassign(kAda, "support").ok());
  ASSERT_TRUE(Unassign(kAda, "support").ok());  // who has it no more
  ASSERT_TRUE(Unassign(kBob, "support").ok());
  remove.set_etag("1");
  EXPECT_EQ(Await(rpc_.DeleteRole(call_, remove)).status().code(),
            absl::StatusCode::kAborted);
  remove.set_etag("2");
  EXPECT_TRUE(Await(rpc_.DeleteRole(call_, remove)).ok());
  EXPECT_EQ(Await(rpc_.DeleteRole(call_, remove)).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(Get(kAda)->permissions(), IsEmpty());
}

TEST_F(AccessTest, RolesAreCreatedOnceAndListedByName) {
  ASSERT_TRUE(Create("support", {kReadUsers}).ok());
  EXPECT_EQ(Create("support", {kReadUsers}).status(),
            absl::AlreadyExistsError("there is a role 'support' already"));
  EXPECT_EQ(Create("odd", {"users.user.read"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(Create("auditor", {kReadAudit}).ok());
  ::admin::v1::ListRolesRequest request;
  request.set_page_size(1);
  const auto first = Await(rpc_.ListRoles(call_, request));
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->roles_size(), 1);
  EXPECT_EQ(first->roles(0).name(), "auditor");
  EXPECT_THAT(first->roles(0).permissions(), ElementsAre(kReadAudit));
  request.set_page_token(first->next_page_token());
  const auto second = Await(rpc_.ListRoles(call_, request));
  ASSERT_EQ(second->roles_size(), 1);
  EXPECT_EQ(second->roles(0).name(), "support");
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(AccessTest, ARoleThatIsChangedStaysOne) {
  ASSERT_TRUE(Create("support", {kReadUsers}).ok());
  ::admin::v1::UpdateRoleRequest update;
  update.set_name("support");
  update.mutable_role()->set_description("Helps");
  update.mutable_update_mask()->add_paths("*");
  EXPECT_THAT(
      std::string(MessageOf(Await(rpc_.UpdateRole(call_, update)).status())),
      HasSubstr("role.permissions"));
  update.mutable_update_mask()->clear_paths();
  update.mutable_update_mask()->add_paths("description");
  const auto role = Await(rpc_.UpdateRole(call_, update));
  ASSERT_TRUE(role.ok()) << role.status();
  EXPECT_EQ(role->description(), "Helps");
  EXPECT_THAT(role->permissions(), ElementsAre(kReadUsers));
}

TEST_F(AccessTest, ListsThoseWhoHaveSomething) {
  ASSERT_TRUE(Create("support", {kReadUsers}).ok());
  ASSERT_TRUE(Grant(kBob, {kReadUsers, kReadAudit}).ok());
  ASSERT_TRUE(Assign(kAda, "support").ok());
  ASSERT_TRUE(Grant(kRoot, {kReadAudit}).ok());
  EXPECT_THAT(Holders(), ElementsAre(kAda, kBob, kRoot));
  EXPECT_THAT(Holders("", 50), ElementsAre(kAda, kBob, kRoot));
  EXPECT_THAT(Holders(kReadUsers), ElementsAre(kAda, kBob));
  EXPECT_THAT(Holders(kReadAudit), ElementsAre(kBob, kRoot));
  ASSERT_TRUE(Revoke(kRoot, {kReadAudit}).ok());
  EXPECT_THAT(Holders(), ElementsAre(kAda, kBob));
}

TEST_F(AccessTest, ListsThoseWhoHaveItAsOneOfSeveral) {
  ASSERT_TRUE(Create("people", {"users.*"}).ok());
  ASSERT_TRUE(Assign(kAda, "people").ok());
  ASSERT_TRUE(Grant(kBob, {"users.users.*", kReadUsers}).ok());
  ASSERT_TRUE(Grant(kRoot, {"*"}).ok());
  EXPECT_THAT(Holders(kReadUsers), ElementsAre(kAda, kBob, kRoot));
  EXPECT_THAT(Holders(kReadUsers, 50), ElementsAre(kAda, kBob, kRoot));
  EXPECT_THAT(Holders(kReadAudit), ElementsAre(kRoot));
  EXPECT_THAT(Holders("users.*"), ElementsAre(kAda, kRoot));
  EXPECT_THAT(Holders("*"), ElementsAre(kRoot));
  ASSERT_TRUE(Grant(kBob, {"users.*"}).ok());
  EXPECT_THAT(Holders(kWriteUsers), ElementsAre(kAda, kBob, kRoot));
}

TEST_F(AccessTest, WhoIsDeletedLosesEverything) {
  ASSERT_TRUE(Grant(kAda, {kReadUsers}).ok());
  ::users::v1::UserDeleted payload;
  payload.set_user_id(kAda);
  EventEnvelope envelope = CreatedEvent(kAda, kRoot);
  envelope.type = "users.v1.UserEvents.Deleted";
  envelope.payload = payload.SerializeAsString();
  ASSERT_TRUE(Await(access_.Deliver(envelope)).ok());
  ASSERT_TRUE(Await(access_.Deliver(envelope)).ok());  // delivered again
  EXPECT_THAT(Holders(), IsEmpty());
  const std::vector<PermissionsChanged> changes = Changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_THAT(changes[1].permissions(), IsEmpty());
  EXPECT_THAT(changes[1].removed(), ElementsAre(kReadUsers));
  EXPECT_EQ(changes[1].reason(), "the person was deleted");
}

TEST_F(AccessTest, PeopleAreSuspendedByTheirOwnService) {
  ::users::v1::SuspendUserRequest suspend;
  suspend.set_id(kAda);
  ASSERT_TRUE(Await(rpc_.SuspendUser(call_, suspend)).ok());
  ::users::v1::ReinstateUserRequest reinstate;
  reinstate.set_id(kAda);
  ASSERT_TRUE(Await(rpc_.ReinstateUser(call_, reinstate)).ok());
  EXPECT_THAT(channel_.calls, ElementsAre(StrCat("SuspendUser by ", kRoot),
                                          StrCat("ReinstateUser by ", kRoot)));
  suspend.set_id(kRoot);
  EXPECT_EQ(Await(rpc_.SuspendUser(call_, suspend)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(channel_.calls.size(), 2u);
}

TEST_F(AccessTest, ALetterThatIsNotThereIsNotFound) {
  ::admin::v1::GetDeadLetterRequest request;
  request.set_id("g/t/0/1");
  EXPECT_EQ(Await(rpc_.GetDeadLetter(call_, request)).status().code(),
            absl::StatusCode::kNotFound);
}

// Whatever is done in whatever order: what the service says is what a plain
// model says, and who only follows the events knows the same.
TEST_F(AccessTest, FollowsAModel) {
  const std::vector<std::string> people = {kAda, kBob};
  const std::vector<std::string> names = {kReadUsers, kWriteUsers, kReadAudit,
                                          "admin.topology.read"};
  const std::vector<std::string> roles = {"one", "two"};
  std::map<std::string, std::set<std::string>> granted, has_role, of_role;
  for (const std::string& role : roles) {
    of_role[role] = {names[0]};
    ASSERT_TRUE(Create(role, {names[0]}).ok());
  }
  std::mt19937 random(20261126);
  const auto pick = [&random](const auto& from) {
    return from[random() % from.size()];
  };
  const auto holds = [&](const std::string& person) {
    std::set<std::string> all = granted[person];
    for (const std::string& role : has_role[person]) {
      all.insert(of_role[role].begin(), of_role[role].end());
    }
    return all;
  };
  for (int step = 0; step < 250; ++step) {
    const std::string person = pick(people), name = pick(names),
                      role = pick(roles);
    const int what = static_cast<int>(random() % 5);
    if (what == 0) {
      ASSERT_TRUE(Grant(person, {name}).ok());
      granted[person].insert(name);
    } else if (what == 1) {
      bool by_role = false;
      for (const std::string& one : has_role[person]) {
        by_role |= of_role[one].contains(name);
      }
      ASSERT_EQ(Revoke(person, {name}).ok(), !by_role) << "step " << step;
      if (!by_role) granted[person].erase(name);
    } else if (what == 2) {
      ASSERT_TRUE(Assign(person, role).ok());
      has_role[person].insert(role);
    } else if (what == 3) {
      ASSERT_TRUE(Unassign(person, role).ok());
      has_role[person].erase(role);
    } else {
      ::admin::v1::UpdateRoleRequest update;
      update.set_name(role);
      update.mutable_role()->add_permissions(name);
      ASSERT_TRUE(Await(rpc_.UpdateRole(call_, update)).ok());
      of_role[role] = {name};
    }
    const auto admin = Get(person);
    ASSERT_TRUE(admin.ok()) << admin.status();
    const std::set<std::string> expected = holds(person);
    ASSERT_EQ(std::set<std::string>(admin->permissions().begin(),
                                    admin->permissions().end()),
              expected)
        << "step " << step;
  }
  std::map<std::string, std::set<std::string>> followed;
  for (const PermissionsChanged& change : Changes()) {
    std::set<std::string>& known = followed[change.user_id()];
    known.insert(change.added().begin(), change.added().end());
    for (const std::string& name : change.removed()) known.erase(name);
    ASSERT_EQ(known, std::set<std::string>(change.permissions().begin(),
                                           change.permissions().end()));
  }
  for (const std::string& person : people) {
    EXPECT_EQ(followed[person], holds(person)) << person;
  }
}

}  // namespace
}  // namespace millrace::admin
