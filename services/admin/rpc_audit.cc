#include <utility>

#include "base/status.h"
#include "contract/page_token.h"
#include "services/admin/personal.h"
#include "services/admin/rpc.h"
#include "services/admin/sealing.h"
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
  const std::vector<AuditRecord> records =
      co_await parts_.database.Read(call.context, [&](store::Tx& tx) {
        std::vector<AuditRecord> records = Find(tx, query, after, size + 1);
        Open(tx, records);
        return records;
      });
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

Promise<v1::WatchEventsResponse> AdminRpc::Describe(AuditRecord record) {
  std::vector<AuditRecord> records = {std::move(record)};
  if (TakeApart(records[0].payload_type, records[0].payload,
                records[0].subject)) {
    records = co_await parts_.database.Read([&](store::Tx& tx) {
      std::vector<AuditRecord> shown = records;
      HideErased(tx, shown);
      return shown;
    });
  }
  v1::WatchEventsResponse response;
  *response.mutable_entry() = ToEntry(records[0]);
  co_return response;
}

Stream<v1::WatchEventsResponse> AdminRpc::WatchEvents(
    const Call&, const v1::WatchEventsRequest& request) {
  bus::TailOptions options;
  options.types.assign(request.event_types().begin(),
                       request.event_types().end());
  if (!request.subject().empty()) options.key = request.subject();
  if (request.has_after()) {
    return parts_.bus
        .TailAfter(parts_.contracts, std::move(options), request.after())
        .Map([this](bus::Tailed tailed) { return Show(std::move(tailed)); });
  }
  return parts_.bus.Tail(parts_.contracts, std::move(options))
      .Map([this](const EventEnvelope& envelope) {
        return Describe(RecordOf(envelope));
      });
}

AuditRecord AdminRpc::RecordOf(const EventEnvelope& envelope) const {
  const absl::Time now = parts_.clock.Now();
  auto record = ToRecord(parts_.contracts, envelope, now);
  return record.ok() ? *std::move(record) : WithoutPayload(envelope, now);
}

Promise<v1::WatchEventsResponse> AdminRpc::Show(bus::Tailed tailed) {
  v1::WatchEventsResponse response;
  if (tailed.event) response = co_await Describe(RecordOf(*tailed.event));
  response.set_position(tailed.position);
  response.set_missed(tailed.missed);
  co_return response;
}

}  // namespace millrace::admin
