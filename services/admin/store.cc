#include "services/admin/store.h"

#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "services/admin/sealing.h"

namespace millrace::admin {
namespace {

constexpr char kContents[] =
    "id, event_id, event_type, source, subject, occur_time, record_time, "
    "trace_id, payload_type, payload";
constexpr char kChained[] = "actor, previous_hash, hash";

AuditRecord FromContents(const store::Row& row) {
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

AuditRecord FromRow(const store::Row& row) {
  AuditRecord record = FromContents(row);
  record.actor = row.Text("actor");
  record.previous_hash = row.Bytes("previous_hash");
  record.hash = row.Bytes("hash");
  return record;
}

std::vector<AuditRecord> Records(const std::vector<store::Row>& rows) {
  std::vector<AuditRecord> records;
  for (const store::Row& row : rows) records.push_back(FromRow(row));
  return records;
}

}  // namespace

void LockTrail(store::Tx& tx) {
  // SQLite has one writer.
  if (tx.dialect() == store::Dialect::kSqlite) return;
  // Not by a query: that would take the snapshot before the wait.
  tx.Script("LOCK TABLE audit_head IN EXCLUSIVE MODE");
}

AuditHead ReadHead(store::Tx& tx) {
  const auto row = tx.QueryOne(
      "SELECT id, entries, hash FROM audit_head WHERE only_row = 1");
  if (!row) {
    Throw(absl::DataLossError(
        "the audit trail has lost its head (the row of audit_head): restore it "
        "from the last entry, once that has been found to be the last"));
  }
  return {.id = row->Int("id"),
          .hash = row->Bytes("hash"),
          .entries = row->Int("entries")};
}

void Append(store::Tx& tx, AuditRecord record) {
  AuditHead head = ReadHead(tx);
  Chain(record, head);
  tx.Execute(
      "INSERT INTO audit (id, event_id, event_type, source, subject, actor, "
      "occur_time, record_time, trace_id, payload_type, payload, "
      "previous_hash, hash) VALUES (:id, :event_id, :event_type, :source, "
      ":subject, :actor, :occur_time, :record_time, :trace_id, :payload_type, "
      ":payload, :previous_hash, :hash)",
      {{"id", record.id},
       {"event_id", record.event_id},
       {"event_type", record.event_type},
       {"source", record.source},
       {"subject", record.subject},
       {"actor", record.actor},
       {"occur_time", absl::ToUnixMicros(record.occur_time)},
       {"record_time", absl::ToUnixMicros(record.record_time)},
       {"trace_id", record.trace_id},
       {"payload_type", record.payload_type},
       {"payload", store::Bytes{record.payload}},
       {"previous_hash", store::Bytes{record.previous_hash}},
       {"hash", store::Bytes{record.hash}}});
  tx.Execute(
      "UPDATE audit_head SET id = :id, entries = :entries, hash = :hash WHERE "
      "only_row = 1",
      {{"id", head.id},
       {"entries", head.entries},
       {"hash", store::Bytes{head.hash}}});
}

std::vector<AuditRecord> Find(store::Tx& tx, const AuditQuery& query,
                              const AuditPlace& after, int64_t limit) {
  std::vector<std::string> criteria;
  store::Params params = {{"limit", limit}};
  const auto equal = [&](const char* column, const std::string& value) {
    if (value.empty()) return;
    criteria.push_back(StrCat(column, " = :", column));
    params.push_back({column, value});
  };
  equal("subject", query.subject);
  equal("event_type", query.event_type);
  equal("actor", query.actor);
  equal("trace_id", query.trace_id);
  if (query.from) {
    criteria.push_back("occur_time >= :from_time");
    params.push_back({"from_time", absl::ToUnixMicros(*query.from)});
  }
  if (query.before) {
    criteria.push_back("occur_time < :before_time");
    params.push_back({"before_time", absl::ToUnixMicros(*query.before)});
  }
  if (after.occur_time != absl::InfiniteFuture()) {
    criteria.push_back("(occur_time, id) < (:after_time, :after_id)");
    params.push_back({"after_time", absl::ToUnixMicros(after.occur_time)});
    params.push_back({"after_id", after.id});
  }
  return Records(tx.Query(
      StrCat("SELECT ", kContents, ", ", kChained, " FROM audit ",
             criteria.empty() ? "" : "WHERE ", absl::StrJoin(criteria, " AND "),
             " ORDER BY occur_time DESC, id DESC LIMIT :limit"),
      params));
}

std::vector<AuditRecord> Range(store::Tx& tx, int64_t start, int64_t end,
                               int64_t limit) {
  return Records(
      tx.Query(StrCat("SELECT ", kContents, ", ", kChained,
                      " FROM audit WHERE id >= :start_id AND id <= :end_id "
                      "ORDER BY id LIMIT :limit"),
               {{"start_id", start}, {"end_id", end}, {"limit", limit}}));
}

AuditHead HeadBefore(store::Tx& tx, int64_t id) {
  const auto row = tx.QueryOne(
      "SELECT id, hash FROM audit WHERE id < :id ORDER BY id DESC LIMIT 1",
      {{"id", id}});
  if (!row) return {};
  return {.id = row->Int("id"), .hash = row->Bytes("hash")};
}

bool AdoptSome(store::Tx& tx, int64_t limit) {
  const auto rows =
      tx.Query(StrCat("SELECT ", kContents,
                      " FROM audit_unchained ORDER BY id LIMIT :limit"),
               {{"limit", limit}});
  for (const store::Row& row : rows) {
    Append(tx, Seal(tx, FromContents(row)));
  }
  if (rows.empty()) return false;
  tx.Execute("DELETE FROM audit_unchained WHERE id <= :id",
             {{"id", rows.back().Int("id")}});
  return true;
}

}  // namespace millrace::admin
