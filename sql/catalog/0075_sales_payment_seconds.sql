-- Time that each payment gets, however short its hold has become.
ALTER TABLE sales ADD COLUMN payment_seconds INT UNSIGNED NOT NULL DEFAULT 120
