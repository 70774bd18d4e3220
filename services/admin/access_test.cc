#include "services/admin/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/v1/admin.millrace.h"
#include "base/strings.h"
#include "services/admin/permissions.h"
#include "users/v1/users.millrace.h"

namespace millrace::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Role Support() {
  return {.name = "support",
          .permissions = {"users.users.read", "users.users.write"}};
}

TEST(Access, IsWhatWasGrantedAndWhatTheRolesPermit) {
  Access access{.user_id = "u1"};
  Grant({"admin.audit.read", "users.users.read"}, access);
  Assign(Support(), access);
  EXPECT_THAT(
      access.Permissions(),
      ElementsAre("admin.audit.read", "users.users.read", "users.users.write"));
  Unassign("support", access);
  EXPECT_THAT(access.Permissions(),
              ElementsAre("admin.audit.read", "users.users.read"));
}

TEST(Access, WhatARolePermitsCannotBeRevoked) {
  Access access{.user_id = "u1"};
  Grant({"users.users.read"}, access);
  Assign(Support(), access);
  const Access before = access;
  EXPECT_EQ(Revoke({"users.users.read"}, access),
            absl::FailedPreconditionError(
                "user u1 has users.users.read by the role support; unassign "
                "the role, or change what it permits"));
  EXPECT_EQ(access, before);
}

TEST(Access, WhatStandsForSeveralIsRevokedItself) {
  Access access{.user_id = "u1"};
  Grant({"users.*", "users.users.read"}, access);
  EXPECT_THAT(std::string(MessageOf(Revoke({"users.users.read"}, access))),
              HasSubstr("stands for several (users.*)"));
  EXPECT_TRUE(Revoke({"users.*", "users.users.read"}, access).ok());
  EXPECT_TRUE(access.Permissions().empty());
}

TEST(Access, AChangeToTheSameIsNone) {
  const Access before{.user_id = "u1", .granted = {"a"}, .revision = 3};
  Access after = before;
  Grant({"a"}, after);
  EXPECT_FALSE(ChangedSince(before, kNow, "root", after));
  EXPECT_EQ(after, before);
  Grant({"b"}, after);
  EXPECT_TRUE(ChangedSince(before, kNow, "root", after));
  EXPECT_EQ(after.revision, 4);
  EXPECT_EQ(after.changed_by, "root");
  EXPECT_EQ(after.change_time, kNow);
}

TEST(Access, AnEtagGuardsAgainstLostUpdates) {
  const Access access{.user_id = "u1", .revision = 4};
  EXPECT_TRUE(CheckEtag(access, "").ok());
  EXPECT_TRUE(CheckEtag(access, "4").ok());
  EXPECT_EQ(CheckEtag(access, "3"),
            absl::AbortedError("what user u1 may do changed since it was read "
                               "(etag 3, now 4); read it again and repeat"));
}

TEST(Roles, AChangeToTheSameIsNone) {
  Role role = Support();
  EXPECT_FALSE(Apply({.permissions = role.permissions}, kNow, role));
  EXPECT_EQ(role, Support());
  EXPECT_TRUE(Apply({.description = "Helps"}, kNow, role));
  EXPECT_EQ(role.revision, 2);
  EXPECT_EQ(role.permissions, Support().permissions);
}

const PermissionCatalogue& Catalogue() {
  static const auto* const catalogue = new PermissionCatalogue(
      {&::users::v1::UsersService::Info(), &::admin::v1::AdminService::Info()});
  return *catalogue;
}

TEST(Permissions, AreThoseThatMethodsAskFor) {
  bool found = false;
  for (const Permission& permission : Catalogue().all()) {
    if (permission.name != "admin.permissions.write") continue;
    found = true;
    EXPECT_THAT(permission.description,
                HasSubstr("admin.v1.AdminService/GrantPermissions"));
  }
  EXPECT_TRUE(found);
}

TEST(Permissions, UnknownOnesAreRefusedWithTheNearest) {
  EXPECT_TRUE(Catalogue().Check({"users.users.read"}, "permissions").ok());
  const absl::Status status = Catalogue().Check(
      {"users.user.read", "users.users.read", "what"}, "permissions");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "permissions: there is no permission 'users.user.read'; did you "
            "mean 'users.users.read'?; permissions: there is no permission "
            "'what'");
}

TEST(Permissions, OneMayStandForSeveral) {
  EXPECT_TRUE(Catalogue().Check({"*", "users.*"}, "p").ok());
  EXPECT_FALSE(Catalogue().Check({"user*"}, "p").ok());
  EXPECT_FALSE(Catalogue().Check({"shops.*"}, "p").ok());
}

}  // namespace
}  // namespace millrace::admin
