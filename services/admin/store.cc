#include "services/admin/store.h"

namespace millrace::admin {
namespace {

AuditRecord FromRow(const store::Row& row) {
  return {.id = row.Int("id"),
          .event_id = row.Text("event_id"),
          .event_type = row.Text("event_type"),
          .source = row.Text("source"),
          .subject = row.Text("subject"),
          .occur_time = absl::FromUnixMicros(row.Int("occur_time")),
          .record_time = absl::FromUnixMicros(row.Int("record_time")),
          .trace_id = row.Text("trace_id"),
          .payload_type = row.Text("payload_type"),
          .payload = row.Bytes("payload")};
}

}  // namespace

void Append(store::Tx& tx, const AuditRecord& record) {
  tx.Execute(
      "INSERT INTO audit (event_id, event_type, source, subject, occur_time, "
      "record_time, trace_id, payload_type, payload) VALUES (:event_id, "
      ":event_type, :source, :subject, :occur_time, :record_time, :trace_id, "
      ":payload_type, :payload)",
      {{"event_id", record.event_id},
       {"event_type", record.event_type},
       {"source", record.source},
       {"subject", record.subject},
       {"occur_time", absl::ToUnixMicros(record.occur_time)},
       {"record_time", absl::ToUnixMicros(record.record_time)},
       {"trace_id", record.trace_id},
       {"payload_type", record.payload_type},
       {"payload", store::Bytes{record.payload}}});
}

std::vector<AuditRecord> Find(store::Tx& tx, const AuditQuery& query,
                              int64_t before, int64_t limit) {
  std::string sql =
      "SELECT id, event_id, event_type, source, subject, occur_time, "
      "record_time, trace_id, payload_type, payload FROM audit WHERE id < "
      ":before ";
  store::Params params = {{"before", before}, {"limit", limit}};
  if (!query.subject.empty()) {
    sql += "AND subject = :subject ";
    params.push_back({"subject", query.subject});
  }
  if (!query.event_type.empty()) {
    sql += "AND event_type = :event_type ";
    params.push_back({"event_type", query.event_type});
  }
  if (query.from) {
    sql += "AND occur_time >= :from_time ";
    params.push_back({"from_time", absl::ToUnixMicros(*query.from)});
  }
  if (query.before) {
    sql += "AND occur_time < :before_time ";
    params.push_back({"before_time", absl::ToUnixMicros(*query.before)});
  }
  sql += "ORDER BY id DESC LIMIT :limit";
  std::vector<AuditRecord> records;
  for (const store::Row& row : tx.Query(sql, params)) {
    records.push_back(FromRow(row));
  }
  return records;
}

}  // namespace millrace::admin
