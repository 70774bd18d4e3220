#include <utility>

#include "base/status.h"
#include "contract/page_token.h"
#include "services/admin/rpc.h"
#include "services/admin/store.h"
#include "services/admin/verify.h"
#include "services/admin/wire.h"

namespace millrace::admin {

namespace v1 = ::admin::v1;

Promise<v1::QueryAuditResponse> AdminRpc::QueryAudit(
    const Call& call, const v1::QueryAuditRequest& request) {
  const AuditPlace after = ValueOrThrow(PlaceIn(request.page_token()));
  const int64_t size = PageSize(request.page_size());
  const AuditQuery query = ToQuery(request);
  const std::vector<AuditRecord> records = co_await parts_.database.Read(
      call.context,
      [&](store::Tx& tx) { return Find(tx, query, after, size + 1); });
  v1::QueryAuditResponse response;
  response.set_next_page_token(FillPage(
      records, size,
      [&](const AuditRecord& record) {
        *response.add_entries() = ToEntry(record);
      },
      [](const AuditRecord& record) { return TokenOf(record); }));
  co_return response;
}

Promise<v1::AuditHead> AdminRpc::GetAuditHead(const Call& call,
                                              const v1::GetAuditHeadRequest&) {
  const AuditHead head = co_await parts_.database.Read(call.context, &ReadHead);
  co_return ToHead(head);
}

Promise<v1::VerifyAuditResponse> AdminRpc::VerifyAudit(
    const Call& call, const v1::VerifyAuditRequest& request) {
  const VerifyRange range = ValueOrThrow(ToRange(request));
  co_return ToResponse(
      co_await VerifyTrail(parts_.database, call.context, range));
}

Stream<v1::WatchEventsResponse> AdminRpc::WatchEvents(
    const Call&, const v1::WatchEventsRequest& request) {
  bus::TailOptions options;
  options.types.assign(request.event_types().begin(),
                       request.event_types().end());
  if (!request.subject().empty()) options.key = request.subject();
  return parts_.bus.Tail(parts_.contracts, std::move(options))
      .Map([contracts = parts_.contracts,
            &clock = parts_.clock](EventEnvelope envelope) {
        v1::WatchEventsResponse response;
        const absl::Time now = clock.Now();
        const auto record = ToRecord(contracts, envelope, now);
        *response.mutable_entry() =
            ToEntry(record.ok() ? *record : WithoutPayload(envelope, now));
        return response;
      });
}

}  // namespace millrace::admin
