#include "services/admin/seal_older.h"

#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "admin/v1/audit.pb.h"
#include "base/ids.h"
#include "base/strings.h"
#include "services/admin/sealing.h"
#include "services/admin/store.h"
#include "users/v1/events.millrace.h"

namespace millrace::admin {
namespace {

namespace v1 = ::admin::v1;

constexpr int64_t kEntriesPerTransaction = 1000;
constexpr char kNoteEvent[] = "admin.v1.AuditTrail.Sealed";
constexpr char kNoteType[] = "admin.v1.TrailSealed";

struct Piece {
  bool left = false;
  int64_t sealed = 0;
  std::vector<int64_t> changed;  // not what they were chained as
};

AuditRecord NoteOf(const v1::TrailSealed& sealed, absl::Time now) {
  return {.event_id = NewId(),
          .event_type = kNoteEvent,
          .source = "/admin",
          .subject = "audit",
          .occur_time = now,
          .record_time = now,
          .payload_type = kNoteType,
          .payload = sealed.SerializeAsString()};
}

void Exchange(store::Tx& tx, const AuditRecord& sealed, int64_t noted_in) {
  tx.Execute(
      "INSERT INTO audit_sealed_later (id, noted_in) VALUES (:id, :noted_in)",
      {{"id", sealed.id}, {"noted_in", noted_in}});
  tx.Execute(
      "UPDATE audit SET payload_type = :payload_type, payload = :payload WHERE "
      "id = :id",
      {{"payload_type", sealed.payload_type},
       {"payload", store::Bytes{sealed.payload}},
       {"id", sealed.id}});
}

Piece SealSome(store::Tx& tx, absl::Time now) {
  LockTrail(tx);
  const int64_t from =
      tx.QueryOne("SELECT id FROM audit_sealed_to WHERE only_row = 1")
          ->Int("id");
  const std::vector<AuditRecord> records =
      Range(tx, from + 1, std::numeric_limits<int64_t>::max(),
            kEntriesPerTransaction);
  Piece piece;
  if (records.empty()) return piece;
  std::vector<AuditRecord> sealed;
  v1::TrailSealed note;
  for (const AuditRecord& record : records) {
    if (record.payload_type == kSealedType) continue;
    if (HashOf(record) != record.hash) {
      piece.changed.push_back(record.id);
      continue;
    }
    AuditRecord now_sealed = Seal(tx, record);
    EraseWhoIsPurged(tx, record, now);
    if (now_sealed.payload_type != kSealedType) continue;
    auto& entry = *note.add_entries();
    entry.set_id(record.id);
    entry.set_hash(HashOf(now_sealed));
    sealed.push_back(std::move(now_sealed));
  }
  if (!sealed.empty()) Append(tx, NoteOf(note, now));
  const int64_t noted_in = ReadHead(tx).id;
  for (const AuditRecord& record : sealed) Exchange(tx, record, noted_in);
  tx.Execute("UPDATE audit_sealed_to SET id = :id WHERE only_row = 1",
             {{"id", records.back().id}});
  piece.left = true;
  piece.sealed = static_cast<int64_t>(sealed.size());
  return piece;
}

void ReadNote(store::Tx& tx, int64_t id,
              std::map<int64_t, std::string>* hashes) {
  for (const AuditRecord& record : Range(tx, id, id, 1)) {
    v1::TrailSealed note;
    if (record.payload_type != kNoteType || HashOf(record) != record.hash ||
        !note.ParseFromString(record.payload)) {
      continue;
    }
    for (const auto& entry : note.entries()) {
      (*hashes)[entry.id()] = entry.hash();
    }
  }
}

}  // namespace

Promise<void> SealOlder(store::Database& database, const Clock& clock,
                        Logger& logger) {
  int64_t sealed = 0;
  for (bool left = true; left;) {
    const Piece piece = co_await database.Transact(
        [&](store::Tx& tx) { return SealSome(tx, clock.Now()); });
    left = piece.left;
    sealed += piece.sealed;
    for (const int64_t id : piece.changed) {
      logger.Error(
          "an entry of the audit trail was changed and is not sealed; see "
          "'millrace audit verify'",
          {{"entry", StrCat(id)}});
    }
  }
  if (sealed > 0) {
    logger.Info(
        "personal fields of older entries of the audit trail are "
        "sealed now",
        {{"entries", StrCat(sealed)}});
  }
}

std::map<int64_t, std::string> NotedHashes(store::Tx& tx, int64_t start,
                                           int64_t end) {
  std::set<int64_t> notes;
  for (const store::Row& row :
       tx.Query("SELECT noted_in FROM audit_sealed_later WHERE id >= :start_id "
                "AND id <= :end_id",
                {{"start_id", start}, {"end_id", end}})) {
    notes.insert(row.Int("noted_in"));
  }
  std::map<int64_t, std::string> hashes;
  for (const int64_t id : notes) ReadNote(tx, id, &hashes);
  return hashes;
}

void EraseWhoIsPurged(store::Tx& tx, const AuditRecord& record,
                      absl::Time now) {
  if (record.event_type != ::users::v1::UserEvents::Purged::kType) return;
  ::users::v1::UserPurged purged;
  if (purged.ParseFromString(record.payload) && !purged.user_id().empty()) {
    Erase(tx, purged.user_id(), now);
  }
}

}  // namespace millrace::admin
