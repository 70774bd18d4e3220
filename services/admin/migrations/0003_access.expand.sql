-- What people have been given. A person who has nothing left stays here, for
-- their revision must not begin anew.
CREATE TABLE access (
  user_id TEXT PRIMARY KEY,
  revision BIGINT NOT NULL,
  holdings BIGINT NOT NULL,
  change_time BIGINT NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE INDEX access_holders ON access (user_id) WHERE holdings > 0;

CREATE TABLE grants (
  user_id TEXT NOT NULL,
  permission TEXT NOT NULL,
  PRIMARY KEY (user_id, permission)
);
CREATE INDEX grants_by_permission ON grants (permission, user_id);

CREATE TABLE roles (
  name TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  revision BIGINT NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL
);

CREATE TABLE role_permissions (
  role TEXT NOT NULL REFERENCES roles (name),
  permission TEXT NOT NULL,
  PRIMARY KEY (role, permission)
);
CREATE INDEX role_permissions_by_permission
  ON role_permissions (permission, role);

CREATE TABLE role_members (
  user_id TEXT NOT NULL,
  role TEXT NOT NULL REFERENCES roles (name),
  PRIMARY KEY (user_id, role)
);
CREATE INDEX role_members_by_role ON role_members (role, user_id);
