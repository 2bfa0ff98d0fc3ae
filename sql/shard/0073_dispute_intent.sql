-- Which charge it is about, where an attempt has more than one.
ALTER TABLE dispute
  ADD COLUMN intent_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''
