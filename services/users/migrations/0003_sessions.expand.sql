-- Passwords, sessions, what guards logins, and the keys that sign tokens.
-- What belongs to a person goes with the person's row.
CREATE TABLE credentials (
  user_id TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
  password_hash TEXT NOT NULL,
  change_time BIGINT NOT NULL
);

-- One to a person: a new one takes the place of the one before.
CREATE TABLE password_tickets (
  user_id TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
  digest TEXT NOT NULL,
  expire_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX password_tickets_digest ON password_tickets (digest);

-- family and current are digests: see sessions.h.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  family TEXT NOT NULL,
  current TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX sessions_family ON sessions (family);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expire ON sessions (expire_time);

-- bucket is a digest: an e-mail address that somebody tried is nobody's row.
CREATE TABLE login_failures (
  bucket TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  last_time BIGINT NOT NULL
);
CREATE INDEX login_failures_last ON login_failures (last_time);

CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  private_key TEXT NOT NULL,
  signs_from BIGINT NOT NULL
);
