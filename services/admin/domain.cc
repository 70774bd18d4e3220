#include "services/admin/domain.h"

#include <memory>

#include "bus/codec.h"

namespace millrace::admin {
namespace {

const EventInfo* FindIn(const Contracts& contracts, std::string_view type) {
  for (const ContractInfo* contract : contracts) {
    if (const EventInfo* event = FindEvent(*contract, type)) return event;
  }
  return nullptr;
}

}  // namespace

AuditRecord WithoutPayload(const EventEnvelope& envelope, absl::Time now) {
  return {
      .event_id = envelope.id,
      .event_type = envelope.type,
      .source = envelope.source,
      .subject = envelope.key,
      .occur_time = envelope.time,
      .record_time = now,
      .trace_id = envelope.trace.valid() ? envelope.trace.trace_id_hex() : "",
      .actor = std::string(bus::ActorOf(envelope))};
}

absl::StatusOr<AuditRecord> ToRecord(const Contracts& contracts,
                                     const EventEnvelope& envelope,
                                     absl::Time now) {
  AuditRecord record = WithoutPayload(envelope, now);
  const EventInfo* event = FindIn(contracts, envelope.type);
  if (event == nullptr) {
    record.payload = envelope.payload;
    return record;
  }
  const std::unique_ptr<google::protobuf::Message> payload(
      event->payload().New());
  const absl::Status decoded = DecodePayload(envelope, payload.get());
  if (!decoded.ok()) return decoded;
  record.payload_type = payload->GetDescriptor()->full_name();
  record.payload = payload->SerializeAsString();
  return record;
}

}  // namespace millrace::admin
