-- A row for each template as a whole: its etag, whether it is archived, and
-- what listing goes by. A program of before goes on beside this; what it
-- publishes is rendered, and a template that it adds is listed once a version
-- of it is put by a program of now.
CREATE TABLE template_heads (
  name TEXT NOT NULL,
  locale TEXT NOT NULL,
  revision BIGINT NOT NULL,
  latest_version BIGINT NOT NULL,
  published_version BIGINT NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL,
  archive_time BIGINT,
  erase_time BIGINT,
  PRIMARY KEY (name, locale)
);
INSERT INTO template_heads (name, locale, revision, latest_version,
    published_version, create_time, update_time)
  SELECT name, locale, 1, MAX(version),
    COALESCE(MAX(CASE WHEN state = 2 THEN version END), 0), MIN(create_time),
    MAX(COALESCE(publish_time, create_time))
  FROM templates GROUP BY name, locale;

-- Byte by byte, as SQLite compares: ranges of beginnings need it.
{{postgres}}
ALTER TABLE template_heads
  ALTER COLUMN name TYPE TEXT COLLATE "C",
  ALTER COLUMN locale TYPE TEXT COLLATE "C";
ALTER TABLE messages ALTER COLUMN id TYPE TEXT COLLATE "C";
{{end}}

CREATE INDEX template_heads_live ON template_heads (name, locale)
  WHERE archive_time IS NULL;
CREATE INDEX template_heads_live_locale ON template_heads (locale, name)
  WHERE archive_time IS NULL;
CREATE INDEX template_heads_archived ON template_heads (name, locale)
  WHERE archive_time IS NOT NULL AND erase_time IS NULL;
CREATE INDEX template_heads_archived_locale ON template_heads (locale, name)
  WHERE archive_time IS NOT NULL AND erase_time IS NULL;

-- One version at most is published.
DROP INDEX templates_published;
CREATE UNIQUE INDEX templates_published ON templates (name, locale)
  WHERE state = 2;
CREATE INDEX templates_state ON templates (name, locale, state, version);
