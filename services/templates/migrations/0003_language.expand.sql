-- The language of a template, the message that it is rendered with, and whether
-- it may have values that are not escaped. A program of before puts versions of
-- the first language, of no message, and without that permission.
ALTER TABLE templates ADD COLUMN syntax BIGINT NOT NULL DEFAULT 1;
ALTER TABLE templates ADD COLUMN data_type TEXT NOT NULL DEFAULT '';
ALTER TABLE templates ADD COLUMN unsafe_allowed BIGINT NOT NULL DEFAULT 0;
