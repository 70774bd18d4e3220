#include "services/admin/wire.h"

#include "contract/time.h"

namespace millrace::admin {

::admin::v1::AuditEntry ToEntry(const AuditRecord& record) {
  ::admin::v1::AuditEntry entry;
  entry.set_id(record.id);
  entry.set_event_id(record.event_id);
  entry.set_event_type(record.event_type);
  entry.set_source(record.source);
  entry.set_subject(record.subject);
  entry.set_trace_id(record.trace_id);
  SetTimestamp(record.occur_time, entry.mutable_occur_time());
  SetTimestamp(record.record_time, entry.mutable_record_time());
  if (!record.payload_type.empty()) {
    entry.mutable_payload()->set_type_url("type.googleapis.com/" +
                                          record.payload_type);
    entry.mutable_payload()->set_value(record.payload);
  }
  return entry;
}

AuditQuery ToQuery(const ::admin::v1::QueryAuditRequest& request) {
  AuditQuery query = {.subject = request.subject(),
                      .event_type = request.event_type()};
  if (request.has_start_time()) query.from = TimeFrom(request.start_time());
  if (request.has_end_time()) query.before = TimeFrom(request.end_time());
  return query;
}

}  // namespace millrace::admin
