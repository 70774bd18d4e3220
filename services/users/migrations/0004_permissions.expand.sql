-- What people may do, as the events of the admin service said last: a copy, for
-- the access tokens that are issued here. One permission to a line.
CREATE TABLE user_permissions (
  user_id TEXT PRIMARY KEY,
  permissions TEXT NOT NULL,
  change_time BIGINT NOT NULL
);
