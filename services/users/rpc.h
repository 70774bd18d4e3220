// users.v1.UsersService: wire messages in, the domain's words inside, one
// transaction for the row and its event. Loop thread; everything it is given
// outlives it. What is about one person is in rpc.cc, about many in
// rpc_many.cc.
#ifndef MILLRACE_SERVICES_USERS_RPC_H_
#define MILLRACE_SERVICES_USERS_RPC_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "bus/outbox.h"
#include "services/users/domain.h"
#include "store/database.h"
#include "users/v1/users.millrace.h"

namespace millrace::users {

struct UsersOptions {
  // How long a deletion can be taken back.
  absl::Duration retention = absl::Hours(24 * 30);
  // People to a transaction of an import, and to a page of an export.
  size_t import_batch = 200;
  int64_t export_page = 500;
};

class UsersRpc final : public ::users::v1::UsersService {
 public:
  UsersRpc(store::Database& database, bus::Outbox& outbox, const Clock& clock,
           UsersOptions options = {})
      : database_(database),
        outbox_(outbox),
        clock_(clock),
        options_(options) {}

  // Of people who are deleted from now on.
  void SetRetention(absl::Duration retention) {
    options_.retention = retention;
  }

  Promise<::users::v1::User> CreateUser(
      const Call& call, const ::users::v1::CreateUserRequest& request) override;
  Promise<::users::v1::User> GetUser(
      const Call& call, const ::users::v1::GetUserRequest& request) override;
  Promise<::users::v1::User> UpdateUser(
      const Call& call, const ::users::v1::UpdateUserRequest& request) override;
  Promise<::users::v1::DeleteUserResponse> DeleteUser(
      const Call& call, const ::users::v1::DeleteUserRequest& request) override;
  Promise<::users::v1::User> UndeleteUser(
      const Call& call,
      const ::users::v1::UndeleteUserRequest& request) override;
  Promise<::users::v1::User> SuspendUser(
      const Call& call,
      const ::users::v1::SuspendUserRequest& request) override;
  Promise<::users::v1::User> ReinstateUser(
      const Call& call,
      const ::users::v1::ReinstateUserRequest& request) override;
  Promise<::users::v1::ListUsersResponse> ListUsers(
      const Call& call, const ::users::v1::ListUsersRequest& request) override;
  Promise<::users::v1::SearchUsersResponse> SearchUsers(
      const Call& call,
      const ::users::v1::SearchUsersRequest& request) override;
  Promise<::users::v1::BatchGetUsersResponse> BatchGetUsers(
      const Call& call,
      const ::users::v1::BatchGetUsersRequest& request) override;
  Promise<::users::v1::ImportUsersResponse> ImportUsers(
      const Call& call,
      Stream<::users::v1::ImportUsersRequest> requests) override;
  Stream<::users::v1::ExportUsersResponse> ExportUsers(
      const Call& call,
      const ::users::v1::ExportUsersRequest& request) override;

 private:
  // Says of each whether it was inserted, with its event.
  std::vector<bool> InsertNew(
      store::Tx& tx, const std::vector<absl::StatusOr<Person>>& people) const;

  store::Database& database_;
  bus::Outbox& outbox_;
  const Clock& clock_;
  UsersOptions options_;
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_RPC_H_
