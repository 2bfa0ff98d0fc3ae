-- The sale's rules about money, for the lane.
ALTER TABLE show_head
  ADD COLUMN booking_fee INT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN tax_rate_bp SMALLINT UNSIGNED NOT NULL DEFAULT 0
