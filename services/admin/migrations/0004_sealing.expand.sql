-- What the trail tells of people is sealed under keys that can be thrown away
-- (sealing.h). A program of before goes on beside this; what it appends is
-- sealed when the service starts the next time (seal_older.h).
CREATE TABLE audit_keys (
  data_subject TEXT PRIMARY KEY,
  seal_key TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  erase_time BIGINT
);

-- Entries that were in the chain before they were sealed, and the entry that
-- notes what they say since.
CREATE TABLE audit_sealed_later (
  id BIGINT PRIMARY KEY,
  noted_in BIGINT NOT NULL
);

-- One row: up to this entry none is left to be sealed.
CREATE TABLE audit_sealed_to (
  only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
  id BIGINT NOT NULL
);
INSERT INTO audit_sealed_to VALUES (1, 0);

-- To seal an entry that audit_sealed_later has is the only change of one.
{{sqlite}}
DROP TRIGGER audit_no_update;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
WHEN NOT (
  OLD.payload_type <> 'admin.v1.SealedPayload'
  AND NEW.payload_type = 'admin.v1.SealedPayload'
  AND EXISTS (SELECT 1 FROM audit_sealed_later WHERE id = OLD.id)
  AND (NEW.id, NEW.event_id, NEW.event_type, NEW.source, NEW.subject,
       NEW.actor, NEW.occur_time, NEW.record_time, NEW.trace_id,
       NEW.previous_hash, NEW.hash)
    = (OLD.id, OLD.event_id, OLD.event_type, OLD.source, OLD.subject,
       OLD.actor, OLD.occur_time, OLD.record_time, OLD.trace_id,
       OLD.previous_hash, OLD.hash))
BEGIN
  SELECT RAISE(ABORT, 'audit is append-only: no row of it is changed');
END;
{{end}}
{{postgres}}
CREATE FUNCTION audit_is_only_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.payload_type <> 'admin.v1.SealedPayload'
    AND NEW.payload_type = 'admin.v1.SealedPayload'
    AND EXISTS (SELECT 1 FROM audit_sealed_later WHERE id = OLD.id)
    AND (NEW.id, NEW.event_id, NEW.event_type, NEW.source, NEW.subject,
         NEW.actor, NEW.occur_time, NEW.record_time, NEW.trace_id,
         NEW.previous_hash, NEW.hash)
      = (OLD.id, OLD.event_id, OLD.event_type, OLD.source, OLD.subject,
         OLD.actor, OLD.occur_time, OLD.record_time, OLD.trace_id,
         OLD.previous_hash, OLD.hash)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'audit is append-only: no row of it is changed or deleted';
END
$$;
DROP TRIGGER audit_no_change ON audit;
CREATE TRIGGER audit_no_change BEFORE DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_is_only_sealed();
{{end}}
