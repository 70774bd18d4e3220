-- Suspension, deletion that can be taken back, and search by beginnings.
-- A program of before goes on beside this: it sees deleted people, and keeps
-- name_key empty, which hides a name from search until the person is changed.
ALTER TABLE people ADD COLUMN suspend_time BIGINT;
ALTER TABLE people ADD COLUMN suspend_reason TEXT;
ALTER TABLE people ADD COLUMN delete_time BIGINT;
ALTER TABLE people ADD COLUMN purge_time BIGINT;
ALTER TABLE people ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE people SET name_key = lower(display_name);

-- Byte by byte, as SQLite compares: ranges of beginnings need it.
{{postgres}}
ALTER TABLE people
  ALTER COLUMN id TYPE TEXT COLLATE "C",
  ALTER COLUMN email TYPE TEXT COLLATE "C",
  ALTER COLUMN name_key TYPE TEXT COLLATE "C";
{{end}}

DROP INDEX people_email;
CREATE UNIQUE INDEX people_email ON people (email) WHERE delete_time IS NULL;
CREATE INDEX people_name ON people (name_key, id) WHERE delete_time IS NULL;
CREATE INDEX people_live ON people (id) WHERE delete_time IS NULL;
CREATE INDEX people_suspended ON people (id)
  WHERE suspend_time IS NOT NULL AND delete_time IS NULL;
CREATE INDEX people_deleted ON people (id) WHERE delete_time IS NOT NULL;
CREATE INDEX people_purge ON people (purge_time) WHERE purge_time IS NOT NULL;
