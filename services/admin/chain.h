// The hash chain of the audit trail: what the hash of an entry is made of, and
// whether entries still are what they were. Pure.
//
// The hash of an entry is SHA-256 of these bytes, in this order:
//
//   "millrace.audit.1"                        16 bytes: this format
//   the hash of the entry before              32 bytes; zeros for the first
//   id, occur_time, record_time               8 bytes each, big-endian, times
//   in
//                                             microseconds since 1970
//   event_id, event_type, source, subject,    each its length (8 bytes,
//   actor, trace_id, payload_type, payload    big-endian) and its bytes
//
// So nothing an entry says can be changed, and no entry be taken out, put in or
// moved, without changing the hash of every entry after it. What a chain cannot
// tell is that somebody computed all of them anew, or cut off its end: for that
// a head has to be kept where they cannot write (`millrace audit verify`).
#ifndef MILLRACE_SERVICES_ADMIN_CHAIN_H_
#define MILLRACE_SERVICES_ADMIN_CHAIN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "services/admin/domain.h"

namespace millrace::admin {

// The hash before the first entry.
std::string NoHash();

// Of a record with `id` and `previous_hash`; its `hash` does not count.
std::string HashOf(const AuditRecord& record);

struct AuditHead {
  int64_t id = 0;
  std::string hash = NoHash();
  int64_t entries = 0;
};

// Gives the record its place behind `head`, which it becomes.
void Chain(AuditRecord& record, AuditHead& head);

struct ChainBreak {
  enum Kind { kChanged, kUnlinked, kTruncated, kNotKept };

  int64_t id = 0;
  Kind kind = kChanged;
  std::string reason;

  bool operator==(const ChainBreak&) const = default;
};

// Looks at entries in the order of their ids.
class ChainChecker {
 public:
  // `before`: the entry that the first one follows. `kept`: an entry that must
  // be there with its hash; none when its id is 0.
  ChainChecker(AuditHead before, AuditHead kept);

  // Nothing when the entry is what it was and follows the one before. `noted`:
  // the hash of what it says since it was sealed (seal_older.h); empty when it
  // was not, or with its first hash.
  std::optional<ChainBreak> Check(const AuditRecord& record,
                                  const std::string& noted = "");

  // Nothing when the last entry that was checked is `head`.
  std::optional<ChainBreak> CheckEnd(const AuditHead& head) const;
  // Nothing when the entry that was kept was among those that were checked.
  std::optional<ChainBreak> CheckKept() const;

  // The last entry that was fine; `entries` counts those that were looked at.
  const AuditHead& last() const { return last_; }

 private:
  AuditHead last_;
  AuditHead kept_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_CHAIN_H_
