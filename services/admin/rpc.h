// admin.v1.AdminService: wire messages in, the domain's words inside, one
// transaction for a change and its event. Loop thread; everything it is given
// outlives it.
//
// The handlers are in rpc_access.cc (permissions and roles), rpc_audit.cc (the
// trail) and rpc_platform.cc (people, dead letters, topology).
#ifndef MILLRACE_SERVICES_ADMIN_RPC_H_
#define MILLRACE_SERVICES_ADMIN_RPC_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "admin/v1/admin.millrace.h"
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/outbox.h"
#include "contract/service.h"
#include "millrace/v1/bus.millrace.h"
#include "runtime/bus_rpc.h"
#include "services/admin/access_change.h"
#include "services/admin/domain.h"
#include "services/admin/permissions.h"
#include "store/database.h"
#include "users/v1/users.millrace.h"

namespace millrace::admin {

class AdminRpc final : public ::admin::v1::AdminService {
 public:
  struct Parts {
    store::Database& database;
    bus::Outbox& outbox;
    bus::Bus& bus;
    const Clock& clock;
    ::users::v1::UsersService& users;
    // Has the dead letters of `contracts`.
    runtime::BusRpc& dead_letters;
    // What the trail, the topology and the permissions cover.
    Contracts contracts;
    std::vector<const ServiceInfo*> services;
  };

  explicit AdminRpc(Parts parts)
      : parts_(std::move(parts)), permissions_(parts_.services) {}

  Promise<::admin::v1::Admin> GetAdmin(
      const Call& call, const ::admin::v1::GetAdminRequest& request) override;
  Promise<::admin::v1::ListAdminsResponse> ListAdmins(
      const Call& call, const ::admin::v1::ListAdminsRequest& request) override;
  Promise<::admin::v1::Admin> GrantPermissions(
      const Call& call,
      const ::admin::v1::GrantPermissionsRequest& request) override;
  Promise<::admin::v1::Admin> RevokePermissions(
      const Call& call,
      const ::admin::v1::RevokePermissionsRequest& request) override;
  Promise<::admin::v1::ListPermissionsResponse> ListPermissions(
      const Call& call,
      const ::admin::v1::ListPermissionsRequest& request) override;
  Promise<::admin::v1::Role> CreateRole(
      const Call& call, const ::admin::v1::CreateRoleRequest& request) override;
  Promise<::admin::v1::Role> UpdateRole(
      const Call& call, const ::admin::v1::UpdateRoleRequest& request) override;
  Promise<::admin::v1::DeleteRoleResponse> DeleteRole(
      const Call& call, const ::admin::v1::DeleteRoleRequest& request) override;
  Promise<::admin::v1::ListRolesResponse> ListRoles(
      const Call& call, const ::admin::v1::ListRolesRequest& request) override;
  Promise<::admin::v1::Admin> AssignRole(
      const Call& call, const ::admin::v1::AssignRoleRequest& request) override;
  Promise<::admin::v1::Admin> UnassignRole(
      const Call& call,
      const ::admin::v1::UnassignRoleRequest& request) override;

  Promise<::users::v1::User> SuspendUser(
      const Call& call,
      const ::users::v1::SuspendUserRequest& request) override;
  Promise<::users::v1::User> ReinstateUser(
      const Call& call,
      const ::users::v1::ReinstateUserRequest& request) override;

  Promise<::admin::v1::QueryAuditResponse> QueryAudit(
      const Call& call, const ::admin::v1::QueryAuditRequest& request) override;
  Promise<::admin::v1::AuditHead> GetAuditHead(
      const Call& call,
      const ::admin::v1::GetAuditHeadRequest& request) override;
  Promise<::admin::v1::VerifyAuditResponse> VerifyAudit(
      const Call& call,
      const ::admin::v1::VerifyAuditRequest& request) override;
  // Straight from the bus, whichever process recorded the event.
  Stream<::admin::v1::WatchEventsResponse> WatchEvents(
      const Call& call,
      const ::admin::v1::WatchEventsRequest& request) override;

  Promise<::millrace::v1::ListDeadLettersResponse> ListDeadLetters(
      const Call& call,
      const ::millrace::v1::ListDeadLettersRequest& request) override;
  Promise<::millrace::v1::DeadLetter> GetDeadLetter(
      const Call& call,
      const ::admin::v1::GetDeadLetterRequest& request) override;
  Promise<::millrace::v1::ReplayDeadLettersResponse> ReplayDeadLetters(
      const Call& call,
      const ::millrace::v1::ReplayDeadLettersRequest& request) override;
  Promise<::admin::v1::Topology> GetTopology(
      const Call& call,
      const ::admin::v1::GetTopologyRequest& request) override;

 private:
  using People = std::map<std::string, ::users::v1::User>;

  // Of those who exist, by their ids. What is no id is nobody's.
  Promise<People> FindPeople(const Call& call, std::set<std::string> ids);
  // NOT_FOUND when nobody has the id.
  Promise<::users::v1::User> FindPerson(const Call& call, std::string id);
  Promise<::admin::v1::Admin> Change(const Call& call, AccessChange change,
                                     ApplyAccess apply);
  Promise<::admin::v1::Admin> Describe(const Call& call, ::users::v1::User user,
                                       Access access);
  AuditRecord RecordOf(const EventEnvelope& envelope) const;
  // As the tail shows it: without what it tells of somebody who was erased.
  Promise<::admin::v1::WatchEventsResponse> Describe(AuditRecord record);
  // The same with its position; without an event, that alone.
  Promise<::admin::v1::WatchEventsResponse> Show(bus::Tailed tailed);
  // The same for the events of dead letters, which outlive the promise.
  Promise<void> HideErasedIn(
      const Call& call,
      google::protobuf::RepeatedPtrField<::millrace::v1::DeadLetter>* letters);
  // One event for each group, in a transaction of its own. All outlives the
  // promise.
  Promise<void> TellOfReplay(const Call& call,
                             const std::vector<bus::DeadLetter>& letters);

  const Parts parts_;
  const PermissionCatalogue permissions_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_RPC_H_
