-- What a discount code took off the prices, and its name, both frozen at the hold.
ALTER TABLE reservation
  ADD COLUMN discount INT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN discount_code VARCHAR(24) CHARACTER SET ascii NULL
