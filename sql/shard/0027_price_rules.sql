-- The sale's rules on prices, and what they say at present: the lane reads and moves them with the
-- show's lock.
ALTER TABLE show_head
  ADD COLUMN price_rules VARCHAR(2000) NULL,
  ADD COLUMN price_percent SMALLINT UNSIGNED NOT NULL DEFAULT 100,
  ADD COLUMN price_version INT UNSIGNED NOT NULL DEFAULT 0
