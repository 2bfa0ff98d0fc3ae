-- What a sale adds to each seat's price, in minor units, and the tax that its prices contain, in hundredths of a percent.
ALTER TABLE sales
  ADD COLUMN booking_fee INT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN tax_rate_bp SMALLINT UNSIGNED NOT NULL DEFAULT 0
