CREATE TABLE parcels (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  title TEXT NOT NULL,
  create_time BIGINT NOT NULL
);
-- A person's, in the order in which they are listed.
CREATE INDEX parcels_owner ON parcels (owner_id, id);

-- Byte by byte, as SQLite compares: pages go by the order of ids.
{{postgres}}
ALTER TABLE parcels ALTER COLUMN id TYPE TEXT COLLATE "C";
{{end}}
