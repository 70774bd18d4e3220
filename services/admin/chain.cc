#include "services/admin/chain.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "base/strings.h"
#include "digest/sha256.h"

namespace millrace::admin {
namespace {

constexpr std::string_view kFormat = "millrace.audit.1";

void PutNumber(std::string* bytes, int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<char>(bits >> shift));
  }
}

void PutText(std::string* bytes, std::string_view text) {
  PutNumber(bytes, static_cast<int64_t>(text.size()));
  bytes->append(text);
}

std::string Hex(const std::string& hash) {
  return absl::BytesToHexString(hash);
}

}  // namespace

std::string NoHash() { return std::string(kSha256Bytes, '\0'); }

std::string HashOf(const AuditRecord& record) {
  std::string bytes(kFormat);
  bytes += record.previous_hash;
  PutNumber(&bytes, record.id);
  PutNumber(&bytes, absl::ToUnixMicros(record.occur_time));
  PutNumber(&bytes, absl::ToUnixMicros(record.record_time));
  PutText(&bytes, record.event_id);
  PutText(&bytes, record.event_type);
  PutText(&bytes, record.source);
  PutText(&bytes, record.subject);
  PutText(&bytes, record.actor);
  PutText(&bytes, record.trace_id);
  PutText(&bytes, record.payload_type);
  PutText(&bytes, record.payload);
  return Sha256(bytes);
}

void Chain(AuditRecord& record, AuditHead& head) {
  if (record.id == 0) record.id = head.id + 1;
  record.previous_hash = head.hash;
  record.hash = HashOf(record);
  head.id = record.id;
  head.hash = record.hash;
  ++head.entries;
}

ChainChecker::ChainChecker(AuditHead before, AuditHead kept)
    : last_(std::move(before)), kept_(std::move(kept)) {
  last_.entries = 0;
}

std::optional<ChainBreak> ChainChecker::Check(const AuditRecord& record,
                                              const std::string& noted) {
  // A wrong link first: what an entry says of itself may be right all the same.
  if (record.previous_hash != last_.hash) {
    return ChainBreak{
        record.id, ChainBreak::kUnlinked,
        StrCat("entry ", record.id, " does not follow ",
               last_.id == 0 ? "the beginning of the trail"
                             : StrCat("entry ", last_.id),
               ": an entry before it was removed, added or changed (it follows "
               "the hash ",
               Hex(record.previous_hash), ", not ", Hex(last_.hash), ")")};
  }
  if (const std::string hash = HashOf(record);
      hash != record.hash && hash != noted) {
    return ChainBreak{
        record.id, ChainBreak::kChanged,
        StrCat("entry ", record.id, " was changed: what it says has the hash ",
               Hex(hash), ", its own is ", Hex(record.hash))};
  }
  if (kept_.id != 0 && record.id >= kept_.id && last_.id < kept_.id &&
      (record.id != kept_.id || record.hash != kept_.hash)) {
    return ChainBreak{
        kept_.id, ChainBreak::kNotKept,
        record.id != kept_.id
            ? StrCat("entry ", kept_.id, ", of which a head was kept, is gone")
            : StrCat("entry ", kept_.id, " has the hash ", Hex(record.hash),
                     "; the head that was kept says ", Hex(kept_.hash),
                     ": the trail was written anew")};
  }
  last_.id = record.id;
  last_.hash = record.hash;
  ++last_.entries;
  return std::nullopt;
}

std::optional<ChainBreak> ChainChecker::CheckEnd(const AuditHead& head) const {
  if (last_.id != head.id || last_.hash != head.hash) {
    return ChainBreak{
        std::min(last_.id, head.id) + 1, ChainBreak::kTruncated,
        StrCat("the trail ends with entry ", last_.id, " (", Hex(last_.hash),
               "), its head is ", head.id, " (", Hex(head.hash),
               "): entries behind it were removed")};
  }
  return std::nullopt;
}

std::optional<ChainBreak> ChainChecker::CheckKept() const {
  if (last_.id >= kept_.id) return std::nullopt;
  return ChainBreak{kept_.id, ChainBreak::kNotKept,
                    StrCat("the trail ends with entry ", last_.id,
                           "; the head that was kept ", "is ", kept_.id,
                           ": entries behind it were removed")};
}

}  // namespace millrace::admin
