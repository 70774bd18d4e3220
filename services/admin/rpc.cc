#include "services/admin/rpc.h"

#include <limits>
#include <utility>

#include "base/status.h"
#include "contract/page_token.h"
#include "services/admin/store.h"
#include "services/admin/wire.h"

namespace millrace::admin {

namespace v1 = ::admin::v1;

AdminRpc::AdminRpc(store::Database& database, bus::Bus& bus, const Clock& clock,
                   Contracts contracts)
    : database_(database),
      bus_(bus),
      clock_(clock),
      contracts_(std::move(contracts)) {}

Promise<v1::QueryAuditResponse> AdminRpc::QueryAudit(
    const Call& call, const v1::QueryAuditRequest& request) {
  const int64_t before = ValueOrThrow(ReadPageNumber(
      request.page_token(), std::numeric_limits<int64_t>::max()));
  const int64_t size = PageSize(request.page_size());
  const AuditQuery query = ToQuery(request);
  const std::vector<AuditRecord> records = co_await database_.Read(
      call.context,
      [&](store::Tx& tx) { return Find(tx, query, before, size + 1); });
  v1::QueryAuditResponse response;
  for (const AuditRecord& record : records) {
    if (response.entries_size() == size) {
      const int64_t last = response.entries(response.entries_size() - 1).id();
      response.set_next_page_token(WritePageToken(std::to_string(last)));
      break;
    }
    *response.add_entries() = ToEntry(record);
  }
  co_return response;
}

Stream<v1::WatchEventsResponse> AdminRpc::WatchEvents(
    const Call&, const v1::WatchEventsRequest& request) {
  bus::TailOptions options;
  options.types.assign(request.event_types().begin(),
                       request.event_types().end());
  if (!request.subject().empty()) options.key = request.subject();
  return bus_.Tail(contracts_, std::move(options))
      .Map([contracts = contracts_, &clock = clock_](EventEnvelope envelope) {
        v1::WatchEventsResponse response;
        const absl::Time now = clock.Now();
        const auto record = ToRecord(contracts, envelope, now);
        *response.mutable_entry() =
            ToEntry(record.ok() ? *record : WithoutPayload(envelope, now));
        return response;
      });
}

}  // namespace millrace::admin
