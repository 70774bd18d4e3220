#include "services/users/rpc.h"

#include "base/ids.h"
#include "base/status.h"
#include "contract/page_token.h"
#include "services/users/domain.h"
#include "services/users/store.h"
#include "services/users/wire.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {

using ::users::v1::UserEvents;

Promise<::users::v1::User> UsersRpc::CreateUser(
    const Call& call, const ::users::v1::CreateUserRequest& request) {
  const Person person =
      NewPerson(NewId(), request.email(), request.display_name(),
                request.locale(), clock_.Now());
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    Insert(tx, person);
    outbox_.Emit<UserEvents::Created>(tx, ToCreated(person));
  });
  co_return ToUser(person);
}

Promise<::users::v1::User> UsersRpc::GetUser(
    const Call& call, const ::users::v1::GetUserRequest& request) {
  const Person person = co_await database_.Read(
      call.context, [&](store::Tx& tx) { return Find(tx, request.id()); });
  co_return ToUser(person);
}

Promise<::users::v1::User> UsersRpc::UpdateUser(
    const Call& call, const ::users::v1::UpdateUserRequest& request) {
  const Person person =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        Person person = Find(tx, request.id());
        ThrowIfError(CheckEtag(person, request.etag()));
        const PersonChange change = ValueOrThrow(ToChange(request, person));
        const auto changed = Apply(change, clock_.Now(), person);
        if (changed.empty()) return person;
        Update(tx, person);
        outbox_.Emit<UserEvents::Updated>(tx, ToUpdated(person, changed));
        return person;
      });
  co_return ToUser(person);
}

Promise<::users::v1::DeleteUserResponse> UsersRpc::DeleteUser(
    const Call& call, const ::users::v1::DeleteUserRequest& request) {
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    const Person person = Find(tx, request.id());
    ThrowIfError(CheckEtag(person, request.etag()));
    Delete(tx, person.id);
    outbox_.Emit<UserEvents::Deleted>(tx, ToDeleted(person, clock_.Now()));
  });
  co_return ::users::v1::DeleteUserResponse();
}

Promise<::users::v1::ListUsersResponse> UsersRpc::ListUsers(
    const Call& call, const ::users::v1::ListUsersRequest& request) {
  const std::string after = ValueOrThrow(ReadPageToken(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  const std::vector<Person> people = co_await database_.Read(
      call.context, [&](store::Tx& tx) { return List(tx, after, size + 1); });
  ::users::v1::ListUsersResponse response;
  for (const Person& person : people) {
    if (response.users_size() == size) {
      response.set_next_page_token(
          WritePageToken(response.users(response.users_size() - 1).id()));
      break;
    }
    *response.add_users() = ToUser(person);
  }
  co_return response;
}

Promise<::users::v1::User> UsersRpc::UndeleteUser(
    const Call&, const ::users::v1::UndeleteUserRequest&) {
  return Promise<::users::v1::User>::Reject(absl::UnimplementedError("UndeleteUser"));
}

Promise<::users::v1::User> UsersRpc::SuspendUser(
    const Call&, const ::users::v1::SuspendUserRequest&) {
  return Promise<::users::v1::User>::Reject(absl::UnimplementedError("SuspendUser"));
}

Promise<::users::v1::User> UsersRpc::ReinstateUser(
    const Call&, const ::users::v1::ReinstateUserRequest&) {
  return Promise<::users::v1::User>::Reject(absl::UnimplementedError("ReinstateUser"));
}

Promise<::users::v1::SearchUsersResponse> UsersRpc::SearchUsers(
    const Call&, const ::users::v1::SearchUsersRequest&) {
  return Promise<::users::v1::SearchUsersResponse>::Reject(absl::UnimplementedError("SearchUsers"));
}

Promise<::users::v1::BatchGetUsersResponse> UsersRpc::BatchGetUsers(
    const Call&, const ::users::v1::BatchGetUsersRequest&) {
  return Promise<::users::v1::BatchGetUsersResponse>::Reject(absl::UnimplementedError("BatchGetUsers"));
}

Promise<::users::v1::ImportUsersResponse> UsersRpc::ImportUsers(
    const Call&, Stream<::users::v1::ImportUsersRequest>) {
  return Promise<::users::v1::ImportUsersResponse>::Reject(
      absl::UnimplementedError("ImportUsers"));
}

Stream<::users::v1::ExportUsersResponse> UsersRpc::ExportUsers(
    const Call&, const ::users::v1::ExportUsersRequest&) {
  return Stream<::users::v1::ExportUsersResponse>::Failed(
      absl::UnimplementedError("ExportUsers"));
}

}  // namespace millrace::users
