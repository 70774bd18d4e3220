#include "services/admin/wire.h"

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "contract/page_token.h"
#include "contract/time.h"
#include "digest/sha256.h"

namespace millrace::admin {
namespace {

namespace v1 = ::admin::v1;

v1::AuditBreak::Kind KindOf(ChainBreak::Kind kind) {
  switch (kind) {
    case ChainBreak::kChanged:
      return v1::AuditBreak::KIND_CHANGED;
    case ChainBreak::kUnlinked:
      return v1::AuditBreak::KIND_UNLINKED;
    case ChainBreak::kTruncated:
      return v1::AuditBreak::KIND_TRUNCATED;
    case ChainBreak::kNotKept:
      return v1::AuditBreak::KIND_NOT_KEPT;
  }
  return v1::AuditBreak::KIND_UNSPECIFIED;
}

// The bytes of a hash in hexadecimal digits; nothing when it is none.
std::string HashFrom(const std::string& hex) {
  const bool digits = hex.find_first_not_of("0123456789abcdef") == hex.npos;
  if (!digits || hex.size() != 2 * kSha256Bytes) return "";
  return absl::HexStringToBytes(hex);
}

}  // namespace

v1::AuditEntry ToEntry(const AuditRecord& record) {
  v1::AuditEntry entry;
  entry.set_id(record.id);
  entry.set_event_id(record.event_id);
  entry.set_event_type(record.event_type);
  entry.set_source(record.source);
  entry.set_subject(record.subject);
  entry.set_trace_id(record.trace_id);
  entry.set_actor(record.actor);
  entry.set_previous_hash(absl::BytesToHexString(record.previous_hash));
  entry.set_hash(absl::BytesToHexString(record.hash));
  SetTimestamp(record.occur_time, entry.mutable_occur_time());
  SetTimestamp(record.record_time, entry.mutable_record_time());
  if (!record.payload_type.empty()) {
    entry.mutable_payload()->set_type_url("type.googleapis.com/" +
                                          record.payload_type);
    entry.mutable_payload()->set_value(record.payload);
  }
  for (const std::string& path : record.erased) {
    entry.mutable_erased()->add_paths(path);
  }
  return entry;
}

AuditQuery ToQuery(const v1::QueryAuditRequest& request) {
  AuditQuery query = {.subject = request.subject(),
                      .event_type = request.event_type()};
  if (request.has_start_time()) query.from = TimeFrom(request.start_time());
  if (request.has_end_time()) query.before = TimeFrom(request.end_time());
  query.actor = request.actor();
  query.trace_id = request.trace_id();
  return query;
}

std::string TokenOf(const AuditRecord& record) {
  return WritePageToken(
      StrCat(absl::ToUnixMicros(record.occur_time), " ", record.id));
}

absl::StatusOr<AuditPlace> PlaceIn(const std::string& page_token) {
  AuditPlace place;
  if (page_token.empty()) return place;
  const auto key = ReadPageToken(page_token);
  if (!key.ok()) return key.status();
  int64_t micros = 0;
  const size_t space = key->find(' ');
  if (space == key->npos || !absl::SimpleAtoi(key->substr(0, space), &micros) ||
      !absl::SimpleAtoi(key->substr(space + 1), &place.id)) {
    return InvalidArgument(
        {{"page_token", "is not one that a page came with"}});
  }
  place.occur_time = absl::FromUnixMicros(micros);
  return place;
}

v1::AuditHead ToHead(const AuditHead& head) {
  v1::AuditHead out;
  out.set_id(head.id);
  out.set_hash(absl::BytesToHexString(head.hash));
  out.set_entries(head.entries);
  return out;
}

absl::StatusOr<VerifyRange> ToRange(const v1::VerifyAuditRequest& request) {
  VerifyRange range;
  range.start = request.start_id();
  range.end = request.end_id();
  if (request.max_entries() > 0) range.max_entries = request.max_entries();
  if (request.kept().id() > 0) {
    range.kept.id = request.kept().id();
    range.kept.hash = HashFrom(request.kept().hash());
    if (range.kept.hash.empty()) {
      return InvalidArgument(
          {{"kept.hash", "must be 64 lower-case hexadecimal digits"}});
    }
  }
  return range;
}

v1::VerifyAuditResponse ToResponse(const Verified& verified) {
  v1::VerifyAuditResponse response;
  response.set_entries(verified.last.entries);
  response.set_last_id(verified.last.id);
  response.set_last_hash(absl::BytesToHexString(verified.last.hash));
  response.set_complete(verified.complete);
  if (verified.first_break) {
    v1::AuditBreak* found = response.mutable_first_break();
    found->set_entry_id(verified.first_break->id);
    found->set_kind(KindOf(verified.first_break->kind));
    found->set_reason(verified.first_break->reason);
  }
  return response;
}

std::vector<v1::DeadLettersReplayed> ToReplayed(
    const std::vector<bus::DeadLetter>& letters, absl::Time when,
    const std::string& by) {
  std::map<std::string, v1::DeadLettersReplayed> by_group;
  for (const bus::DeadLetter& letter : letters) {
    by_group[letter.group].add_letters(letter.id);
  }
  std::vector<v1::DeadLettersReplayed> events;
  for (auto& [group, event] : by_group) {
    event.set_group(group);
    SetTimestamp(when, event.mutable_replay_time());
    event.set_replayed_by(by);
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace millrace::admin
