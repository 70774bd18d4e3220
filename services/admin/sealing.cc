#include "services/admin/sealing.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "admin/v1/audit.pb.h"
#include "base/strings.h"
#include "services/admin/personal.h"
#include "tokens/secret.h"

namespace millrace::admin {
namespace {

namespace v1 = ::admin::v1;

// Empty once the person is erased; nothing when there is no row.
std::optional<std::string> KeyOf(store::Tx& tx, std::string_view subject) {
  const auto row = tx.QueryOne(
      "SELECT seal_key FROM audit_keys WHERE data_subject = :data_subject",
      {{"data_subject", subject}});
  if (!row) return std::nullopt;
  return row->Text("seal_key");
}

std::string KeyToSealWith(store::Tx& tx, std::string_view subject,
                          absl::Time now) {
  if (auto key = KeyOf(tx, subject)) return *std::move(key);
  std::string key = tokens::NewSecret();
  tx.Execute(
      "INSERT INTO audit_keys (data_subject, seal_key, create_time) VALUES "
      "(:data_subject, :seal_key, :create_time)",
      {{"data_subject", subject},
       {"seal_key", key},
       {"create_time", absl::ToUnixMicros(now)}});
  return key;
}

// Part of what is sealed, so that it opens in its own entry alone.
std::string LabelOf(const AuditRecord& record) {
  return StrCat("what event ", record.event_id, " of ", record.source,
                " tells of a person");
}

// Keys that were looked up already.
class Keys {
 public:
  explicit Keys(store::Tx& tx) : tx_(tx) {}

  // Empty when there is none, or no more.
  const std::string& Of(const std::string& subject) {
    const auto found = keys_.find(subject);
    if (found != keys_.end()) return found->second;
    return keys_[subject] = KeyOf(tx_, subject).value_or("");
  }

 private:
  store::Tx& tx_;
  std::map<std::string, std::string> keys_;
};

void OpenOne(Keys& keys, AuditRecord& record) {
  v1::SealedPayload payload;
  if (record.payload_type != kSealedType ||
      !payload.ParseFromString(record.payload)) {
    return;
  }
  record.payload_type = payload.type();
  record.payload = payload.open();
  const std::string& key = keys.Of(payload.data_subject());
  if (!key.empty() && !payload.sealed().empty()) {
    const auto personal =
        tokens::Unseal(payload.sealed(), LabelOf(record), key);
    if (personal.ok()) {
      record.payload += *personal;
      return;
    }
  }
  record.erased.assign(payload.personal().paths().begin(),
                       payload.personal().paths().end());
}

}  // namespace

AuditRecord Seal(store::Tx& tx, AuditRecord record) {
  auto parts = TakeApart(record.payload_type, record.payload, record.subject);
  if (!parts) return record;
  const std::string key =
      KeyToSealWith(tx, parts->data_subject, record.record_time);
  v1::SealedPayload payload;
  payload.set_type(std::move(record.payload_type));
  payload.set_open(std::move(parts->open));
  payload.set_data_subject(std::move(parts->data_subject));
  for (std::string& path : parts->fields) {
    payload.mutable_personal()->add_paths(std::move(path));
  }
  if (!key.empty()) {
    payload.set_sealed(tokens::Seal(parts->personal, LabelOf(record), key));
  }
  record.payload_type = kSealedType;
  record.payload = payload.SerializeAsString();
  return record;
}

void Open(store::Tx& tx, std::vector<AuditRecord>& records) {
  Keys keys(tx);
  for (AuditRecord& record : records) OpenOne(keys, record);
}

void HideErased(store::Tx& tx, std::vector<AuditRecord>& records) {
  for (AuditRecord& record : records) {
    auto parts = TakeApart(record.payload_type, record.payload, record.subject);
    if (!parts) continue;
    const auto key = KeyOf(tx, parts->data_subject);
    if (!key || !key->empty()) continue;
    record.payload = std::move(parts->open);
    record.erased = std::move(parts->fields);
  }
}

bool Erase(store::Tx& tx, std::string_view data_subject, absl::Time now) {
  return tx.Execute(
             "INSERT INTO audit_keys (data_subject, seal_key, create_time, "
             "erase_time) VALUES (:data_subject, '', :now, :now) ON CONFLICT "
             "(data_subject) DO UPDATE SET seal_key = '', erase_time = "
             "excluded.erase_time WHERE audit_keys.erase_time IS NULL",
             {{"data_subject", data_subject},
              {"now", absl::ToUnixMicros(now)}}) > 0;
}

}  // namespace millrace::admin
