// users.v1.UsersService: wire messages in, the domain's words inside, one
// transaction for the row and its event. Loop thread; everything it is given
// outlives it.
#ifndef MILLRACE_SERVICES_USERS_RPC_H_
#define MILLRACE_SERVICES_USERS_RPC_H_

#include "base/clock.h"
#include "bus/outbox.h"
#include "store/database.h"
#include "users/v1/users.millrace.h"

namespace millrace::users {

class UsersRpc final : public ::users::v1::UsersService {
 public:
  UsersRpc(store::Database& database, bus::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

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
  store::Database& database_;
  bus::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_RPC_H_
