// What the audit trail records of an event, and how it is asked. Pure: the
// chain is in chain.h, permissions are in access.h.
#ifndef MILLRACE_SERVICES_ADMIN_DOMAIN_H_
#define MILLRACE_SERVICES_ADMIN_DOMAIN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "contract/event.h"

namespace millrace::admin {

struct AuditRecord {
  int64_t id = 0;  // given by the trail; greater for what was recorded later
  std::string event_id;
  std::string event_type;
  std::string source;
  std::string subject;  // the key of the event
  absl::Time occur_time;
  absl::Time record_time;
  std::string trace_id;
  std::string payload_type;  // the message's full name
  std::string payload;       // its protobuf bytes
  std::string actor;         // who caused it; empty when nobody is known
  // Of the chain (chain.h): 32 bytes each, empty outside of it.
  std::string previous_hash;
  std::string hash;
  // Paths of fields that the payload had, of who has been erased (sealing.h).
  std::vector<std::string> erased;
};

// Criteria that are unset match everything.
struct AuditQuery {
  std::string subject;
  std::string event_type;
  std::optional<absl::Time> from;    // occurred at or after
  std::optional<absl::Time> before;  // occurred earlier
  std::string actor;
  std::string trace_id;
};

// Behind which entry a page begins; those that occurred last come first, and of
// them those that were recorded last.
struct AuditPlace {
  absl::Time occur_time = absl::InfiniteFuture();
  int64_t id = 0;
};

// Which contracts the trail covers: all of the platform.
using Contracts = std::vector<const ContractInfo*>;

// What to record of an event. DATA_LOSS when its payload is not what its type
// says; an event of a type that no contract here knows (a newer one) keeps its
// bytes with an empty payload_type.
absl::StatusOr<AuditRecord> ToRecord(const Contracts& contracts,
                                     const EventEnvelope& envelope,
                                     absl::Time now);

// The same but for the payload, for events whose payload cannot be decoded.
AuditRecord WithoutPayload(const EventEnvelope& envelope, absl::Time now);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_DOMAIN_H_
