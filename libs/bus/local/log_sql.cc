#include "bus/local/log_sql.h"

#include <algorithm>
#include <optional>

#include "base/status.h"

namespace millrace::bus::local {
namespace {

constexpr int kOffsetBits = 40;

int64_t IdOf(Ref ref, int64_t offset) { return ref << kOffsetBits | offset; }
int64_t OffsetOf(int64_t id) { return id & ((int64_t{1} << kOffsetBits) - 1); }

PartitionRow ToPartition(const store::Row& row) {
  return {row.Int("ref"),
          {row.Text("topic"), static_cast<int>(row.Int("number"))},
          row.Int("begin_offset"),
          row.Int("end_offset")};
}

}  // namespace

std::vector<store::Migration> LogMigrations() {
  return {{1, "log", R"sql(
    CREATE TABLE millrace_log_partitions (
      ref {{id}},
      topic TEXT NOT NULL,
      number BIGINT NOT NULL,
      begin_offset BIGINT NOT NULL DEFAULT 0,
      end_offset BIGINT NOT NULL DEFAULT 0,
      retention_ms BIGINT NOT NULL,
      UNIQUE (topic, number)
    );
    CREATE TABLE millrace_log_records (
      id {{sqlite}}INTEGER{{end}}{{postgres}}BIGINT{{end}} PRIMARY KEY,
      record_key {{blob}} NOT NULL,
      headers {{blob}} NOT NULL,
      value {{blob}},
      time_ms BIGINT NOT NULL
    );
    CREATE TABLE millrace_log_offsets (
      consumer_group TEXT NOT NULL,
      ref BIGINT NOT NULL,
      next_offset BIGINT NOT NULL,
      PRIMARY KEY (consumer_group, ref)
    );
  )sql"},
          {2, "islands", R"sql(
    ALTER TABLE millrace_log_offsets ADD COLUMN finished TEXT NOT NULL DEFAULT '';
  )sql"}};
}

std::vector<PartitionRow> LoadPartitions(store::Tx& tx) {
  std::vector<PartitionRow> partitions;
  for (const store::Row& row :
       tx.Query("SELECT ref, topic, number, begin_offset, end_offset "
                "FROM millrace_log_partitions ORDER BY topic, number")) {
    partitions.push_back(ToPartition(row));
  }
  return partitions;
}

std::vector<OffsetRow> LoadOffsets(store::Tx& tx) {
  std::vector<OffsetRow> offsets;
  for (const store::Row& row :
       tx.Query("SELECT consumer_group, ref, next_offset, finished "
                "FROM millrace_log_offsets")) {
    const int64_t next = row.Int("next_offset");
    offsets.push_back({row.Text("consumer_group"),
                       row.Int("ref"),
                       {next, FinishedFromText(next, row.Text("finished"))}});
  }
  return offsets;
}

std::vector<PartitionRow> CreateTopic(store::Tx& tx, const TopicSpec& spec) {
  const auto rows = [&] {
    return tx.Query(
        "SELECT ref, topic, number, begin_offset, end_offset "
        "FROM millrace_log_partitions WHERE topic = :topic ORDER BY number",
        store::Params{{"topic", spec.name}});
  };
  std::vector<store::Row> existing = rows();
  if (existing.empty()) {
    for (int number = 0; number < spec.partitions; ++number) {
      tx.Execute(
          "INSERT INTO millrace_log_partitions (topic, number, retention_ms) "
          "VALUES (:topic, :number, :retention)",
          store::Params{
              {"topic", spec.name},
              {"number", number},
              {"retention", absl::ToInt64Milliseconds(spec.retention)}});
    }
    existing = rows();
  }
  std::vector<PartitionRow> partitions;
  for (const store::Row& row : existing) partitions.push_back(ToPartition(row));
  return partitions;
}

std::map<Ref, int64_t> Append(store::Tx& tx,
                              const std::vector<Appended>& records) {
  std::map<Ref, int64_t> ends;
  for (const auto& [ref, record] : records) {
    auto [end, is_new] = ends.try_emplace(ref);
    if (is_new) {
      const std::optional<store::Row> row = tx.QueryOne(
          "SELECT end_offset FROM millrace_log_partitions WHERE ref = :ref",
          store::Params{{"ref", ref}});
      if (!row) {
        Throw(absl::InternalError("a partition of the local log has no row"));
      }
      end->second = row->Int("end_offset");
    }
    tx.Execute(
        "INSERT INTO millrace_log_records "
        "(id, record_key, headers, value, time_ms) "
        "VALUES (:id, :record_key, :headers, :value, :time_ms)",
        store::Params{{"id", IdOf(ref, end->second)},
                      {"record_key", store::Bytes{record.key}},
                      {"headers", store::Bytes{record.headers.packed()}},
                      {"value", record.has_value
                                    ? store::Value(store::Bytes{record.value})
                                    : store::Value()},
                      {"time_ms", absl::ToUnixMillis(record.time)}});
    ++end->second;
  }
  for (const auto& [ref, end] : ends) {
    tx.Execute(
        "UPDATE millrace_log_partitions SET end_offset = :end WHERE ref = :ref",
        store::Params{{"end", end}, {"ref", ref}});
  }
  return ends;
}

void WriteAndDelete(store::Tx& tx) {
  const store::Params id{{"id", int64_t{-1}}};  // of no record
  tx.Execute(
      "INSERT INTO millrace_log_records "
      "(id, record_key, headers, value, time_ms) "
      "VALUES (:id, '', '', NULL, 0)",
      id);
  tx.Execute("DELETE FROM millrace_log_records WHERE id = :id", id);
}

std::vector<Record> ReadRange(store::Tx& tx, const Range& range,
                              int max_records, int64_t max_bytes) {
  const store::Value from = IdOf(range.ref, range.from);
  // The sizes first: they come from the rows' headers, without the values.
  int64_t last = -1;
  int64_t bytes = 0;
  for (const store::Row& row :
       tx.Query("SELECT id, COALESCE(LENGTH(value), 0) AS bytes "
                "FROM millrace_log_records WHERE id >= :from AND id < :to "
                "ORDER BY id LIMIT :count",
                store::Params{{"from", from},
                              {"to", IdOf(range.ref, range.to)},
                              {"count", max_records}})) {
    bytes += row.Int("bytes");
    if (last >= 0 && bytes > max_bytes) break;
    last = row.Int("id");
  }
  std::vector<Record> records;
  if (last < 0) return records;
  for (const store::Row& row :
       tx.Query("SELECT id, record_key, headers, value, time_ms "
                "FROM millrace_log_records WHERE id >= :from AND id <= :last "
                "ORDER BY id",
                store::Params{{"from", from}, {"last", last}})) {
    Record& record = records.emplace_back();
    record.topic = range.id.topic;
    record.partition = range.id.partition;
    record.offset = OffsetOf(row.Int("id"));
    record.key = row.Bytes("record_key");
    record.headers = ValueOrThrow(Headers::Unpack(row.Bytes("headers")));
    record.has_value = !row.IsNull("value");
    if (record.has_value) record.value = row.Bytes("value");
    record.time = absl::FromUnixMillis(row.Int("time_ms"));
  }
  return records;
}

void StoreOffsets(store::Tx& tx, const std::vector<OffsetRow>& offsets) {
  for (const OffsetRow& offset : offsets) {
    tx.Execute(
        "INSERT INTO millrace_log_offsets "
        "(consumer_group, ref, next_offset, finished) "
        "VALUES (:consumer_group, :ref, :next_offset, :finished) "
        "ON CONFLICT (consumer_group, ref) "
        "DO UPDATE SET next_offset = excluded.next_offset, "
        "finished = excluded.finished",
        store::Params{{"consumer_group", offset.group},
                      {"ref", offset.ref},
                      {"next_offset", offset.progress.next_offset},
                      {"finished", FinishedToText(offset.progress)}});
  }
}

Cleaned Clean(store::Tx& tx, absl::Time now, int max_records) {
  Cleaned cleaned;
  for (const store::Row& row :
       tx.Query("SELECT ref, begin_offset, end_offset, retention_ms "
                "FROM millrace_log_partitions WHERE retention_ms > 0 "
                "AND begin_offset < end_offset")) {
    if (max_records <= 0) break;
    const Ref ref = row.Int("ref");
    const int64_t begin = row.Int("begin_offset");
    const int64_t bound =
        IdOf(ref, std::min(row.Int("end_offset"), begin + max_records));
    // The first record to keep, or the bound.
    const int64_t keep =
        tx.QueryOne(
              "SELECT COALESCE(MIN(id), :bound) AS keep "
              "FROM millrace_log_records "
              "WHERE id >= :from AND id < :bound AND time_ms >= :oldest",
              store::Params{{"from", IdOf(ref, begin)},
                            {"bound", bound},
                            {"oldest", absl::ToUnixMillis(now) -
                                           row.Int("retention_ms")}})
            ->Int("keep");
    if (OffsetOf(keep) == begin) continue;
    max_records -= static_cast<int>(tx.Execute(
        "DELETE FROM millrace_log_records WHERE id >= :from AND id < :keep",
        store::Params{{"from", IdOf(ref, begin)}, {"keep", keep}}));
    tx.Execute(
        "UPDATE millrace_log_partitions SET begin_offset = :begin "
        "WHERE ref = :ref",
        store::Params{{"begin", OffsetOf(keep)}, {"ref", ref}});
    cleaned.begins[ref] = OffsetOf(keep);
  }
  cleaned.more = max_records <= 0;
  return cleaned;
}

}  // namespace millrace::bus::local
