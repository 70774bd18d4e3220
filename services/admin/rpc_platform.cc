#include <utility>

#include "admin/v1/events.millrace.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "services/admin/rpc.h"
#include "services/admin/sealing.h"
#include "services/admin/topology.h"
#include "services/admin/wire.h"

namespace millrace::admin {

namespace v1 = ::admin::v1;
namespace bus_v1 = ::millrace::v1;

namespace {

// What can tell something of a person. One without a payload tells nothing.
AuditRecord EventOf(const bus_v1::DeadLetter& letter) {
  const ::millrace::v1::Envelope& event = letter.event();
  AuditRecord record = {.subject = event.key()};
  if (event.has_proto_data()) {
    const std::string& url = event.proto_data().type_url();
    record.payload_type = url.substr(url.rfind('/') + 1);
    record.payload = event.proto_data().value();
  } else {
    record.payload = event.binary_data();
  }
  return record;
}

void ShowPayload(std::string payload, bus_v1::DeadLetter* letter) {
  ::millrace::v1::Envelope& event = *letter->mutable_event();
  if (event.has_proto_data()) {
    event.mutable_proto_data()->set_value(std::move(payload));
  } else if (event.has_binary_data()) {
    event.set_binary_data(std::move(payload));
  }
}

}  // namespace

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

Promise<void> AdminRpc::HideErasedIn(
    const Call& call,
    google::protobuf::RepeatedPtrField<bus_v1::DeadLetter>* letters) {
  std::vector<AuditRecord> events;
  for (const bus_v1::DeadLetter& letter : *letters) {
    events.push_back(EventOf(letter));
  }
  events = co_await parts_.database.Read(call.context, [&](store::Tx& tx) {
    std::vector<AuditRecord> shown = events;
    HideErased(tx, shown);
    return shown;
  });
  for (int i = 0; i < letters->size(); ++i) {
    ShowPayload(std::move(events[i].payload), letters->Mutable(i));
  }
}

Promise<bus_v1::ListDeadLettersResponse> AdminRpc::ListDeadLetters(
    const Call& call, const bus_v1::ListDeadLettersRequest& request) {
  bus_v1::ListDeadLettersResponse response =
      co_await parts_.dead_letters.ListDeadLetters(call, request);
  co_await HideErasedIn(call, response.mutable_dead_letters());
  co_return response;
}

Promise<bus_v1::DeadLetter> AdminRpc::GetDeadLetter(
    const Call& call, const v1::GetDeadLetterRequest& request) {
  bus_v1::ListDeadLettersRequest list;
  list.set_id(request.id());
  const bus_v1::ListDeadLettersResponse found =
      co_await ListDeadLetters(call, list);
  if (found.dead_letters().empty()) {
    Throw(absl::NotFoundError(
        StrCat("there is no dead letter ", request.id(),
               "; it may be past the retention of its topic")));
  }
  co_return found.dead_letters(0);
}

Promise<void> AdminRpc::TellOfReplay(
    const Call& call, const std::vector<bus::DeadLetter>& letters) {
  const std::vector<v1::DeadLettersReplayed> events =
      ToReplayed(letters, parts_.clock.Now(), call.context.identity.subject);
  co_await parts_.database.Transact(call.context, [&](store::Tx& tx) {
    for (const v1::DeadLettersReplayed& event : events) {
      parts_.outbox.Emit<v1::AdminEvents::DeadLettersReplayed>(tx, event);
    }
  });
}

Promise<bus_v1::ReplayDeadLettersResponse> AdminRpc::ReplayDeadLetters(
    const Call& call, const bus_v1::ReplayDeadLettersRequest& request) {
  // Told of first: behind the replay a deadline or a crash could keep it out of
  // the trail.
  bus::BeforeReplay tell =
      [this, &call](const std::vector<bus::DeadLetter>& letters) {
        return TellOfReplay(call, letters);
      };
  bus_v1::ReplayDeadLettersResponse response =
      co_await parts_.dead_letters.Replay(request, std::move(tell));
  co_await HideErasedIn(call, response.mutable_dead_letters());
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
