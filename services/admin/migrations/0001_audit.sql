CREATE TABLE audit (
  id {{id}},
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  source TEXT NOT NULL,
  subject TEXT NOT NULL,
  occur_time BIGINT NOT NULL,
  record_time BIGINT NOT NULL,
  trace_id TEXT NOT NULL,
  payload_type TEXT NOT NULL,
  payload {{blob}} NOT NULL
);
CREATE UNIQUE INDEX audit_event ON audit (event_id);
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_type ON audit (event_type, id);
CREATE INDEX audit_time ON audit (occur_time);
