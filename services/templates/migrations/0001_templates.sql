CREATE TABLE templates (
  name TEXT NOT NULL,
  locale TEXT NOT NULL,
  version BIGINT NOT NULL,
  state BIGINT NOT NULL,
  content_type TEXT NOT NULL,
  body TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  publish_time BIGINT,
  PRIMARY KEY (name, locale, version)
);
CREATE INDEX templates_published ON templates (name, locale, state);

CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  template TEXT NOT NULL,
  locale TEXT NOT NULL,
  version BIGINT NOT NULL,
  content_type TEXT NOT NULL,
  body TEXT NOT NULL,
  render_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_event ON messages (event_id, template);
CREATE INDEX messages_user ON messages (user_id, id);
