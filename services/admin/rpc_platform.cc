#include <utility>

#include "admin/v1/events.millrace.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "services/admin/rpc.h"
#include "services/admin/topology.h"
#include "services/admin/wire.h"

namespace millrace::admin {

namespace v1 = ::admin::v1;
namespace bus_v1 = ::millrace::v1;

Promise<AdminRpc::People> AdminRpc::FindPeople(const Call& call,
                                               std::set<std::string> ids) {
  People people;
  ::users::v1::BatchGetUsersRequest request;
  for (const std::string& id : ids) {
    if (IsUuid(id)) request.add_ids(id);
  }
  if (request.ids().empty()) co_return people;
  const ::users::v1::BatchGetUsersResponse response =
      co_await parts_.users.BatchGetUsers(call, request);
  for (const ::users::v1::User& user : response.users()) {
    people[user.id()] = user;
  }
  co_return people;
}

Promise<::users::v1::User> AdminRpc::FindPerson(const Call& call,
                                                std::string id) {
  ::users::v1::GetUserRequest request;
  request.set_id(std::move(id));
  co_return co_await parts_.users.GetUser(call, request);
}

Promise<::users::v1::User> AdminRpc::SuspendUser(
    const Call& call, const ::users::v1::SuspendUserRequest& request) {
  if (request.id() == call.context.identity.subject) {
    Throw(absl::FailedPreconditionError(
        "nobody suspends themselves: who would reinstate you?"));
  }
  co_return co_await parts_.users.SuspendUser(call, request);
}

Promise<::users::v1::User> AdminRpc::ReinstateUser(
    const Call& call, const ::users::v1::ReinstateUserRequest& request) {
  return parts_.users.ReinstateUser(call, request);
}

Promise<bus_v1::ListDeadLettersResponse> AdminRpc::ListDeadLetters(
    const Call& call, const bus_v1::ListDeadLettersRequest& request) {
  return parts_.dead_letters.ListDeadLetters(call, request);
}

Promise<bus_v1::DeadLetter> AdminRpc::GetDeadLetter(
    const Call& call, const v1::GetDeadLetterRequest& request) {
  bus_v1::ListDeadLettersRequest list;
  list.set_id(request.id());
  const bus_v1::ListDeadLettersResponse found =
      co_await parts_.dead_letters.ListDeadLetters(call, list);
  if (found.dead_letters().empty()) {
    Throw(absl::NotFoundError(
        StrCat("there is no dead letter ", request.id(),
               "; it may be past the retention of its topic")));
  }
  co_return found.dead_letters(0);
}

Promise<bus_v1::ReplayDeadLettersResponse> AdminRpc::ReplayDeadLetters(
    const Call& call, const bus_v1::ReplayDeadLettersRequest& request) {
  const bus_v1::ReplayDeadLettersResponse response =
      co_await parts_.dead_letters.ReplayDeadLetters(call, request);
  if (request.dry_run()) co_return response;
  const std::vector<v1::DeadLettersReplayed> events =
      ToReplayed(response, parts_.clock.Now(), call.context.identity.subject);
  if (events.empty()) co_return response;
  co_await parts_.database.Transact(call.context, [&](store::Tx& tx) {
    for (const v1::DeadLettersReplayed& event : events) {
      parts_.outbox.Emit<v1::AdminEvents::DeadLettersReplayed>(tx, event);
    }
  });
  co_return response;
}

Promise<v1::Topology> AdminRpc::GetTopology(
    const Call&, const v1::GetTopologyRequest& request) {
  const std::vector<bus::GroupLag> lags = co_await parts_.bus.Lags();
  v1::Topology topology = MakeTopology(parts_.services, parts_.contracts, lags);
  if (request.graph()) topology.set_mermaid(MermaidOf(topology));
  co_return topology;
}

}  // namespace millrace::admin
