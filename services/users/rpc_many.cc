// The methods of users.v1.UsersService that are about many people.
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/page_token.h"
#include "services/users/domain.h"
#include "services/users/rpc.h"
#include "services/users/search.h"
#include "services/users/store.h"
#include "services/users/wire.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {
namespace {

namespace v1 = ::users::v1;

// More would not be read by anybody, and the answer has to fit in a message.
constexpr int kMostFailures = 1000;

// A row that comes slowly does not wait longer for others to join it.
constexpr absl::Duration kImportWait = absl::Seconds(1);

// Writes pages until there are no more, or nobody reads.
Promise<void> ExportPages(store::Database& database, CallContext context,
                          std::optional<State> state, std::string after,
                          int64_t page_size,
                          StreamWriter<v1::ExportUsersResponse> writer) {
  absl::Status status;
  try {
    for (bool more = true; more;) {
      const std::vector<Person> page = co_await database.Read(
          context,
          [&](store::Tx& tx) { return List(tx, state, after, page_size); });
      for (const Person& person : page) {
        v1::ExportUsersResponse response;
        *response.mutable_user() = ToUser(person);
        co_await writer.Write(std::move(response));
      }
      more = static_cast<int64_t>(page.size()) == page_size;
      if (more) after = page.back().id;
    }
  } catch (...) {
    status = StatusFrom(std::current_exception());
  }
  if (status.ok()) {
    writer.Close();
  } else {
    writer.Fail(std::move(status));
  }
}

}  // namespace

Promise<v1::ListUsersResponse> UsersRpc::ListUsers(
    const Call& call, const v1::ListUsersRequest& request) {
  const std::string after = ValueOrThrow(ReadPageToken(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  const std::vector<Person> people =
      co_await database_.Read(call.context, [&](store::Tx& tx) {
        return List(tx, ToState(request.state()), after, size + 1);
      });
  v1::ListUsersResponse response;
  response.set_next_page_token(FillPage(
      people, size,
      [&](const Person& person) { *response.add_users() = ToUser(person); },
      [](const Person& person) { return WritePageToken(person.id); }));
  co_return response;
}

Promise<v1::SearchUsersResponse> UsersRpc::SearchUsers(
    const Call& call, const v1::SearchUsersRequest& request) {
  const SearchToken from =
      ValueOrThrow(SearchToken::Parse(request.page_token()));
  const std::string prefix = NameKey(request.prefix());
  const int64_t size = PageSize(request.page_size());
  const std::vector<SearchHit> hits = co_await database_.Read(
      call.context,
      [&](store::Tx& tx) { return Search(tx, prefix, from, size + 1); });
  v1::SearchUsersResponse response;
  response.set_next_page_token(FillPage(
      hits, size,
      [&](const SearchHit& hit) { *response.add_users() = ToUser(hit.person); },
      [](const SearchHit& hit) { return hit.token().ToString(); }));
  co_return response;
}

Promise<v1::BatchGetUsersResponse> UsersRpc::BatchGetUsers(
    const Call& call, const v1::BatchGetUsersRequest& request) {
  const std::vector<std::string> ids(request.ids().begin(),
                                     request.ids().end());
  const std::vector<Person> people = co_await database_.Read(
      call.context, [&](store::Tx& tx) { return FindMany(tx, ids); });
  absl::flat_hash_map<std::string_view, const Person*> by_id;
  for (const Person& person : people) by_id.emplace(person.id, &person);
  v1::BatchGetUsersResponse response;
  for (const std::string& id : ids) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      response.add_missing_ids(id);
    } else {
      *response.add_users() = ToUser(*found->second);
    }
  }
  co_return response;
}

Promise<v1::ImportUsersResponse> UsersRpc::ImportUsers(
    const Call& call, Stream<v1::ImportUsersRequest> requests) {
  v1::ImportUsersResponse response;
  const auto fail = [&response](int64_t index, const absl::Status& status) {
    response.set_failed(response.failed() + 1);
    if (response.failures_size() < kMostFailures) {
      *response.add_failures() = ToFailure(index, status);
    }
  };
  int64_t first = 0;  // the index of the batch's first row
  // What waits in a batch is people and what is wrong with a row, both small,
  // and not the rows, which may be as large as messages can be.
  auto batches = std::move(requests)
                     .Map([this](const v1::ImportUsersRequest& row) {
                       return ToPerson(row, clock_.Now());
                     })
                     .Batch(options_.import_batch, kImportWait);
  while (const auto people = co_await batches.Next()) {
    const std::vector<bool> inserted = co_await database_.Transact(
        call.context, [&](store::Tx& tx) { return InsertNew(tx, *people); });
    for (size_t i = 0; i < people->size(); ++i) {
      const auto index = first + static_cast<int64_t>(i);
      const absl::StatusOr<Person>& person = (*people)[i];
      if (!person.ok()) {
        fail(index, person.status());
      } else if (!inserted[i]) {
        fail(index, EmailTaken());
      } else {
        response.set_created(response.created() + 1);
      }
    }
    first += static_cast<int64_t>(people->size());
  }
  co_return response;
}

std::vector<bool> UsersRpc::InsertNew(
    store::Tx& tx, const std::vector<absl::StatusOr<Person>>& people) const {
  std::vector<bool> inserted;
  for (const absl::StatusOr<Person>& person : people) {
    inserted.push_back(person.ok() && TryInsert(tx, *person));
    if (inserted.back()) {
      outbox_.Emit<v1::UserEvents::Created>(tx, ToCreated(*person));
    }
  }
  return inserted;
}

Stream<v1::ExportUsersResponse> UsersRpc::ExportUsers(
    const Call& call, const v1::ExportUsersRequest& request) {
  auto pipe = MakePipe<v1::ExportUsersResponse>(16);
  ExportPages(database_, call.context, ToState(request.state()),
              request.after_id(), options_.export_page, std::move(pipe.writer))
      .Detach();
  return std::move(pipe.stream);
}

}  // namespace millrace::users
