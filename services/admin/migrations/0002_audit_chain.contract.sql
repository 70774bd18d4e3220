-- The trail becomes a chain. SQL cannot compute its hashes: the rows there are
-- wait in audit_unchained until the service has chained them (adopt.h).
DROP INDEX audit_event;
DROP INDEX audit_subject;
DROP INDEX audit_type;
DROP INDEX audit_time;
ALTER TABLE audit RENAME TO audit_unchained;

CREATE TABLE audit (
  {{sqlite}}id INTEGER PRIMARY KEY,{{end}}
  {{postgres}}id BIGINT PRIMARY KEY,{{end}}
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  source TEXT NOT NULL,
  subject TEXT NOT NULL,
  actor TEXT NOT NULL,
  occur_time BIGINT NOT NULL,
  record_time BIGINT NOT NULL,
  trace_id TEXT NOT NULL,
  payload_type TEXT NOT NULL,
  payload {{blob}} NOT NULL,
  previous_hash {{blob}} NOT NULL,
  hash {{blob}} NOT NULL
);
CREATE UNIQUE INDEX audit_by_event ON audit (event_id, source);
CREATE INDEX audit_by_time ON audit (occur_time, id);
CREATE INDEX audit_by_subject ON audit (subject, occur_time, id);
CREATE INDEX audit_by_type ON audit (event_type, occur_time, id);
CREATE INDEX audit_by_actor ON audit (actor, occur_time, id);
CREATE INDEX audit_by_trace ON audit (trace_id, occur_time, id);

-- One row: the last entry, which the next one follows.
CREATE TABLE audit_head (
  only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
  id BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  hash {{blob}} NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, 0,
  {{sqlite}}zeroblob(32){{end}}{{postgres}}decode(repeat('00', 32), 'hex'){{end}});

{{sqlite}}
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit is append-only: no row of it is changed');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit is append-only: no row of it is deleted');
END;
-- INSERT OR REPLACE would delete without the trigger above.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN NEW.id <= (SELECT MAX(id) FROM audit)
  OR EXISTS (SELECT 1 FROM audit
             WHERE event_id = NEW.event_id AND source = NEW.source)
BEGIN
  SELECT RAISE(ABORT, 'audit is append-only: a row comes behind all others');
END;
{{end}}
{{postgres}}
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit is append-only: no row of it is changed or deleted';
END
$$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
{{end}}
