-- Who was purged: events of theirs that come later, as those that are replayed,
-- render nothing. A program of before goes on beside this, and renders them.
CREATE TABLE erased_recipients (
  user_id TEXT PRIMARY KEY,
  erase_time BIGINT NOT NULL
);
