#include "services/users/rpc.h"

#include "base/ids.h"
#include "base/status.h"
#include "services/users/domain.h"
#include "services/users/sessions_store.h"
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
    Person person = Find(tx, request.id());
    ThrowIfError(CheckEtag(person, request.etag()));
    Delete(clock_.Now(), options_.retention, person);
    Update(tx, person);
    DeleteSessionsOf(tx, person.id);
    outbox_.Emit<UserEvents::Deleted>(tx, ToDeleted(person));
  });
  co_return ::users::v1::DeleteUserResponse();
}

Promise<::users::v1::User> UsersRpc::UndeleteUser(
    const Call& call, const ::users::v1::UndeleteUserRequest& request) {
  const Person person =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        Person person = FindDeleted(tx, request.id());
        Undelete(clock_.Now(), person);
        Update(tx, person);
        outbox_.Emit<UserEvents::Undeleted>(tx, ToUndeleted(person));
        return person;
      });
  co_return ToUser(person);
}

Promise<::users::v1::User> UsersRpc::SuspendUser(
    const Call& call, const ::users::v1::SuspendUserRequest& request) {
  const Person person =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        Person person = Find(tx, request.id());
        ThrowIfError(CheckEtag(person, request.etag()));
        ThrowIfError(Suspend(request.reason(), clock_.Now(), person));
        Update(tx, person);
        DeleteSessionsOf(tx, person.id);
        outbox_.Emit<UserEvents::Suspended>(tx, ToSuspended(person));
        return person;
      });
  co_return ToUser(person);
}

Promise<::users::v1::User> UsersRpc::ReinstateUser(
    const Call& call, const ::users::v1::ReinstateUserRequest& request) {
  const Person person =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        Person person = Find(tx, request.id());
        ThrowIfError(CheckEtag(person, request.etag()));
        ThrowIfError(Reinstate(clock_.Now(), person));
        Update(tx, person);
        outbox_.Emit<UserEvents::Reinstated>(tx, ToReinstated(person));
        return person;
      });
  co_return ToUser(person);
}

}  // namespace millrace::users
