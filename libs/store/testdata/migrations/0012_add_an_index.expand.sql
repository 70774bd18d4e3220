CREATE INDEX notes_odd ON notes ([odd]);
