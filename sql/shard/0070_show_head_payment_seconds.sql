-- The sale's time to pay, for the confirm.
ALTER TABLE show_head ADD COLUMN payment_seconds INT UNSIGNED NOT NULL DEFAULT 120
