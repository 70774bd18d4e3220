#include <memory>

#include "base/status.h"
#include "base/strings.h"
#include "contract/page_token.h"
#include "loop/combinators.h"
#include "services/admin/access_store.h"
#include "services/admin/access_wire.h"
#include "services/admin/rpc.h"

namespace millrace::admin {

namespace v1 = ::admin::v1;

namespace {

Names NamesOf(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return {names.begin(), names.end()};
}

// What GrantPermissions and its like have in common.
template <typename Request>
AccessChange ChangeOf(const Request& request) {
  return {.user_id = request.user_id(),
          .etag = request.etag(),
          .reason = request.reason()};
}

std::vector<Access> FindHolders(store::Tx& tx, const std::string& after,
                                const std::string& permission, int64_t limit) {
  std::vector<Access> holders;
  for (const std::string& id : ListHolders(tx, after, permission, limit)) {
    holders.push_back(FindAccess(tx, id));
  }
  return holders;
}

}  // namespace

Promise<v1::Admin> AdminRpc::GetAdmin(const Call& call,
                                      const v1::GetAdminRequest& request) {
  ::users::v1::User user = co_await FindPerson(call, request.user_id());
  Access access = co_await parts_.database.Read(
      call.context,
      [&](store::Tx& tx) { return FindAccess(tx, request.user_id()); });
  co_return co_await Describe(call, std::move(user), std::move(access));
}

Promise<v1::ListAdminsResponse> AdminRpc::ListAdmins(
    const Call& call, const v1::ListAdminsRequest& request) {
  if (!request.permission().empty()) {
    ThrowIfError(permissions_.Check({request.permission()}, "permission"));
  }
  const std::string after = ValueOrThrow(ReadPageToken(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  std::vector<Access> holders =
      co_await parts_.database.Read(call.context, [&](store::Tx& tx) {
        return FindHolders(tx, after, request.permission(), size + 1);
      });
  v1::ListAdminsResponse response;
  if (static_cast<int64_t>(holders.size()) > size) {
    holders.pop_back();
    response.set_next_page_token(WritePageToken(holders.back().user_id));
  }
  std::set<std::string> ids;
  for (const Access& access : holders) {
    ids.insert(access.user_id);
    ids.insert(access.changed_by);
  }
  const People people = co_await FindPeople(call, std::move(ids));
  for (const Access& access : holders) {
    const auto granter = people.find(access.changed_by);
    const auto user = people.find(access.user_id);
    ::users::v1::User unknown;  // whose deletion is on its way to us
    unknown.set_id(access.user_id);
    *response.add_admins() =
        ToAdmin(user == people.end() ? unknown : user->second, access,
                granter == people.end() ? nullptr : &granter->second);
  }
  co_return response;
}

Promise<v1::Admin> AdminRpc::GrantPermissions(
    const Call& call, const v1::GrantPermissionsRequest& request) {
  const Names names = NamesOf(request.permissions());
  ThrowIfError(permissions_.Check(names, "permissions"));
  const AccessChange change = ChangeOf(request);
  const ApplyAccess apply = [&names](store::Tx&, Access& access) {
    Grant(names, access);
  };
  co_return co_await Change(call, change, apply);
}

Promise<v1::Admin> AdminRpc::RevokePermissions(
    const Call& call, const v1::RevokePermissionsRequest& request) {
  const Names names = NamesOf(request.permissions());
  const AccessChange change = ChangeOf(request);
  const ApplyAccess apply = [this, &names](store::Tx&, Access& access) {
    // What they have can be taken away though there is none such any more; what
    // is neither is a slip, and must not look as if it had been taken away.
    ThrowIfError(
        permissions_.Check(Without(names, access.granted), "permissions"));
    ThrowIfError(Revoke(names, access));
  };
  co_return co_await Change(call, change, apply);
}

Promise<v1::ListPermissionsResponse> AdminRpc::ListPermissions(
    const Call&, const v1::ListPermissionsRequest&) {
  v1::ListPermissionsResponse response;
  for (const Permission& permission : permissions_.all()) {
    v1::PermissionInfo* info = response.add_permissions();
    info->set_name(permission.name);
    info->set_description(permission.description);
  }
  return Promise<v1::ListPermissionsResponse>::Resolve(std::move(response));
}

Promise<v1::Role> AdminRpc::CreateRole(const Call& call,
                                       const v1::CreateRoleRequest& request) {
  const Role role = FromRequest(request.role(), parts_.clock.Now());
  ThrowIfError(permissions_.Check(role.permissions, "role.permissions"));
  co_await parts_.database.Transact(call.context, [&](store::Tx& tx) {
    admin::CreateRole(tx, parts_.outbox, role);
  });
  co_return ToRole(role);
}

Promise<v1::Role> AdminRpc::UpdateRole(const Call& call,
                                       const v1::UpdateRoleRequest& request) {
  const Role role =
      co_await parts_.database.Transact(call.context, [&](store::Tx& tx) {
        return ChangeRole(
            tx, parts_.outbox, parts_.clock, request.name(), request.etag(),
            [&](const Role& before) {
              return ValueOrThrow(ToChange(request, before, permissions_));
            });
      });
  co_return ToRole(role);
}

Promise<v1::DeleteRoleResponse> AdminRpc::DeleteRole(
    const Call& call, const v1::DeleteRoleRequest& request) {
  co_await parts_.database.Transact(call.context, [&](store::Tx& tx) {
    RemoveRole(tx, parts_.outbox, parts_.clock, request.name(), request.etag());
  });
  co_return v1::DeleteRoleResponse();
}

Promise<v1::ListRolesResponse> AdminRpc::ListRoles(
    const Call& call, const v1::ListRolesRequest& request) {
  const std::string after = ValueOrThrow(ReadPageToken(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  const std::vector<Role> roles = co_await parts_.database.Read(
      call.context,
      [&](store::Tx& tx) { return admin::ListRoles(tx, after, size + 1); });
  v1::ListRolesResponse response;
  response.set_next_page_token(FillPage(
      roles, size,
      [&](const Role& role) { *response.add_roles() = ToRole(role); },
      [](const Role& role) { return WritePageToken(role.name); }));
  co_return response;
}

Promise<v1::Admin> AdminRpc::AssignRole(const Call& call,
                                        const v1::AssignRoleRequest& request) {
  const AccessChange change = ChangeOf(request);
  const ApplyAccess apply = [&request](store::Tx& tx, Access& access) {
    Assign(FindRole(tx, request.role()), access);
  };
  co_return co_await Change(call, change, apply);
}

Promise<v1::Admin> AdminRpc::UnassignRole(
    const Call& call, const v1::UnassignRoleRequest& request) {
  const AccessChange change = ChangeOf(request);
  const ApplyAccess apply = [&request](store::Tx& tx, Access& access) {
    Unassign(FindRole(tx, request.role()).name, access);
  };
  co_return co_await Change(call, change, apply);
}

Promise<v1::Admin> AdminRpc::Change(const Call& call, AccessChange change,
                                    ApplyAccess apply) {
  ::users::v1::User user = co_await FindPerson(call, change.user_id);
  Access access =
      co_await parts_.database.Transact(call.context, [&](store::Tx& tx) {
        return ChangeAccess(tx, parts_.outbox, parts_.clock, change, apply);
      });
  co_return co_await Describe(call, std::move(user), std::move(access));
}

Promise<v1::Admin> AdminRpc::Describe(const Call& call, ::users::v1::User user,
                                      Access access) {
  People people;
  if (!access.changed_by.empty() && access.changed_by != user.id()) {
    std::set<std::string> ids;
    ids.insert(access.changed_by);
    auto found = co_await AsStatusOr(FindPeople(call, std::move(ids)));
    if (found.ok()) {
      people = *std::move(found);
    } else if (found.status().code() != absl::StatusCode::kPermissionDenied) {
      // Who may look at themselves may not look at whoever it was.
      Throw(found.status());
    }
  }
  const auto granter = people.find(access.changed_by);
  const ::users::v1::User* known =
      granter == people.end() ? nullptr : &granter->second;
  if (access.changed_by == user.id()) known = &user;
  co_return ToAdmin(user, access, known);
}

}  // namespace millrace::admin
