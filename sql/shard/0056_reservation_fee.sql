-- The part of the amount that is booking fee, and the tax rate, both frozen at the hold.
ALTER TABLE reservation
  ADD COLUMN fee INT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN tax_rate_bp SMALLINT UNSIGNED NOT NULL DEFAULT 0
