#include "bus/outbox_sql.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "store/id_list.h"

namespace millrace::bus {
namespace {

std::string_view NowMs(store::Dialect dialect) {
  return dialect == store::Dialect::kSqlite
             ? "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
             : "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
}

}  // namespace

std::vector<store::Migration> OutboxMigrations() {
  return {{1, "outbox", R"sql(
    CREATE TABLE millrace_outbox (
      id {{id}},
      event_id TEXT NOT NULL,
      topic TEXT NOT NULL,
      record_key {{blob}} NOT NULL,
      headers {{blob}} NOT NULL,
      payload {{blob}} NOT NULL,
      time_ms BIGINT NOT NULL,
      refused TEXT
    );
    CREATE TABLE millrace_outbox_lease (
      name TEXT NOT NULL PRIMARY KEY,
      owner TEXT NOT NULL,
      until_ms BIGINT NOT NULL
    );
  )sql"},
          // Rows that were refused stay, and are not to be read past each time.
          // The time is for ReadOutboxBacklog().
          {2, "waiting", R"sql(
    CREATE INDEX millrace_outbox_waiting ON millrace_outbox (id, time_ms)
      WHERE refused IS NULL;
  )sql",
           store::MigrationKind::kExpand}};
}

void InsertOutboxRow(store::Tx& tx, const std::string& event_id,
                     const Record& record) {
  tx.Execute(
      "INSERT INTO millrace_outbox "
      "(event_id, topic, record_key, headers, payload, time_ms) "
      "VALUES (:event_id, :topic, :record_key, :headers, :payload, :time_ms)",
      store::Params{{"event_id", event_id},
                    {"topic", record.topic},
                    {"record_key", store::Bytes{record.key}},
                    {"headers", store::Bytes{record.headers.packed()}},
                    {"payload", store::Bytes{record.value}},
                    {"time_ms", absl::ToUnixMillis(record.time)}});
}

std::vector<OutboxRow> ReadOutbox(store::Tx& tx, int max_rows,
                                  int64_t max_bytes) {
  // The sizes first: the databases have them without reading the payloads.
  int64_t last = -1;
  int64_t bytes = 0;
  for (const store::Row& row :
       tx.Query("SELECT id, LENGTH(payload) AS bytes FROM millrace_outbox "
                "WHERE refused IS NULL ORDER BY id LIMIT :count",
                store::Params{{"count", max_rows}})) {
    bytes += row.Int("bytes");
    if (last >= 0 && bytes > max_bytes) break;
    last = row.Int("id");
  }
  std::vector<OutboxRow> rows;
  if (last < 0) return rows;
  for (const store::Row& row : tx.Query(
           "SELECT id, event_id, topic, record_key, headers, payload, time_ms "
           "FROM millrace_outbox WHERE refused IS NULL AND id <= :last "
           "ORDER BY id",
           store::Params{{"last", last}})) {
    OutboxRow& one = rows.emplace_back();
    one.id = row.Int("id");
    one.event_id = row.Text("event_id");
    one.record.topic = row.Text("topic");
    one.record.key = row.Bytes("record_key");
    one.record.headers = ValueOrThrow(Headers::Unpack(row.Bytes("headers")));
    one.record.value = row.Bytes("payload");
    one.record.time = absl::FromUnixMillis(row.Int("time_ms"));
  }
  return rows;
}

bool OutboxIsEmpty(store::Tx& tx) {
  return tx
      .Query(
          "SELECT id FROM millrace_outbox WHERE refused IS NULL "
          "ORDER BY id LIMIT 1")
      .empty();
}

OutboxBacklog ReadOutboxBacklog(store::Tx& tx) {
  OutboxBacklog backlog;
  const auto rows = tx.Query(
      "SELECT COUNT(*) AS count, COALESCE(MIN(time_ms), 0) AS oldest "
      "FROM millrace_outbox WHERE refused IS NULL");
  for (const store::Row& row : rows) {
    backlog.rows = row.Int("count");
    if (backlog.rows == 0) continue;
    backlog.oldest = absl::FromUnixMillis(row.Int("oldest"));
  }
  return backlog;
}

void DeleteOutboxRows(store::Tx& tx, const std::vector<int64_t>& ids) {
  if (ids.empty()) return;
  // Exactly these: rows with ids in between may have been committed since.
  const store::IdList list = store::ListOf(tx.dialect(), ids);
  tx.Execute(StrCat("DELETE FROM millrace_outbox WHERE id ", list.condition),
             store::Params{{"ids", list.ids}});
}

void RefuseOutboxRow(store::Tx& tx, int64_t id, const std::string& reason) {
  tx.Execute("UPDATE millrace_outbox SET refused = :reason WHERE id = :id",
             store::Params{{"reason", reason}, {"id", id}});
}

void DoNotWaitForDisk(store::Tx& tx) {
  if (tx.dialect() != store::Dialect::kPostgres) return;
  tx.Execute("SET LOCAL synchronous_commit TO off");
}

bool TakeLease(store::Tx& tx, const std::string& owner,
               absl::Duration duration) {
  const std::string_view now = NowMs(tx.dialect());
  const std::string sql = StrCat(
      "INSERT INTO millrace_outbox_lease (name, owner, until_ms) "
      "VALUES ('relay', :owner, ",
      now,
      " + :duration) ON CONFLICT (name) DO UPDATE SET "
      "owner = excluded.owner, until_ms = excluded.until_ms "
      "WHERE millrace_outbox_lease.owner = excluded.owner "
      "OR millrace_outbox_lease.until_ms < ",
      now, " OR millrace_outbox_lease.until_ms > excluded.until_ms");
  return tx.Execute(sql,
                    store::Params{
                        {"owner", owner},
                        {"duration", absl::ToInt64Milliseconds(duration)}}) > 0;
}

void ReleaseLease(store::Tx& tx, const std::string& owner) {
  tx.Execute("DELETE FROM millrace_outbox_lease WHERE owner = :owner",
             store::Params{{"owner", owner}});
}

}  // namespace millrace::bus
